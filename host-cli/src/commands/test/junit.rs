//! A report on cases as JUnit writes it.

use std::path::Path;
use std::time::Duration;

use pipeline_host::files::{self, Existing};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::Ran;
use super::cases::CaseFile;
use super::run::Outcome;
use crate::failure::Failure;
use crate::workspace::reason;

/// Writes the report; a file of cases is a suite.
pub(super) fn write(
    path: &Path,
    files: &[CaseFile],
    ran: &[Ran],
    time: Duration,
) -> Result<(), Failure> {
    let mut report = Report::new("pipeline test");
    report.set_time(time);
    for (at, file) in files.iter().enumerate() {
        let mut suite = TestSuite::new(file.path.display().to_string());
        for done in ran.iter().filter(|done| done.file == at) {
            let status = match &done.outcome {
                Outcome::Passed => TestCaseStatus::success(),
                Outcome::Failed { difference, .. } => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    status
                        .set_message("something else came out")
                        .set_description(difference);
                    status
                }
                Outcome::Broken(reason) => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
                    status.set_message(reason);
                    status
                }
            };
            let mut case = TestCase::new(file.cases[done.case].name.clone(), status);
            case.set_time(done.time);
            case.set_classname(file.path.display().to_string());
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    let text = report
        .to_string()
        .map_err(|error| Failure::failed(format!("the report can't be made: {error}")))?;
    files::write(path, text.as_bytes(), Existing::Replace).map_err(|error| {
        let path = path.display();
        Failure::usage(format!("`{path}` can't be written: {}", reason(&error)))
    })
}
