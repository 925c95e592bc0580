//! `pipeline test`: runs cases, and says what came out otherwise than expected.

mod cases;
mod junit;
mod run;
mod surroundings;
mod update;

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pipeline_host::{EngineOptions, Limits};

use self::cases::CaseFile;
use self::run::{Actual, Outcome};
use self::surroundings::Sandboxes;
use crate::cli;
use crate::failure::{FAILED, Failure, USAGE};
use crate::outputs::painted;
use crate::{interrupt, outputs, report, workspace};

/// A case that was run.
struct Ran {
    file: usize,
    case: usize,
    outcome: Outcome,
    time: Duration,
}

/// Runs all cases that paths mean.
pub(crate) fn test(arguments: &cli::Test) -> Result<(), Failure> {
    let paths = cases::find(&arguments.paths)?;
    let files = paths.iter().map(|path| cases::read(path));
    let files = files.collect::<Result<Vec<_>, _>>()?;
    let wanted = |name: &str| match &arguments.filter {
        Some(part) => name.contains(part.as_str()),
        None => true,
    };
    let mut all = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let cases = file.cases.iter().enumerate();
        all.extend(
            cases
                .filter(|(_, it)| wanted(&it.name))
                .map(|(case, _)| (at, case)),
        );
    }
    if all.is_empty() {
        let names: Vec<_> = arguments
            .paths
            .iter()
            .map(|it| it.display().to_string())
            .collect();
        let text = match &arguments.filter {
            Some(part) => format!("no case in {} has `{part}` in its name", names.join(", ")),
            None => format!("there are no cases in {}", names.join(", ")),
        };
        let help = "cases stand in files that end in .cases.json: see pipeline test --help";
        return Err(Failure::usage(text).help(help));
    }
    let (engine, component, directories) = workspace::load(
        &arguments.installation,
        "pipeline.wasm",
        &EngineOptions::default(),
    )?;
    let mut limits = arguments.limits.limits();
    limits.interrupt = Some(interrupt::stop(&engine));
    let sandboxes = Sandboxes::new(engine, component, directories);
    let jobs = arguments
        .jobs
        .or_else(|| thread::available_parallelism().ok());
    let started = Instant::now();
    let ran = run_all(&sandboxes, &limits, &files, &all, jobs)?;
    if limits
        .interrupt
        .as_ref()
        .is_some_and(pipeline_host::Interrupt::is_raised)
    {
        return Err(workspace::faulted(&pipeline_host::Error::Interrupted));
    }
    told(arguments, &files, ran, started.elapsed())
}

/// Runs cases on some threads, and tells of each as soon as those before it are
/// told of.
fn run_all(
    sandboxes: &Sandboxes,
    limits: &Limits,
    files: &[CaseFile],
    all: &[(usize, usize)],
    jobs: Option<NonZero<usize>>,
) -> Result<Vec<Ran>, Failure> {
    let next = AtomicUsize::new(0);
    let ran: Mutex<Vec<(usize, Ran)>> = Mutex::default();
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(&(file, case)) = all.get(at) else {
                return;
            };
            let interrupted = limits.interrupt.as_ref();
            if interrupted.is_some_and(pipeline_host::Interrupt::is_raised) {
                return;
            }
            let started = Instant::now();
            let outcome = run::run(sandboxes, limits, &files[file], &files[file].cases[case]);
            let time = started.elapsed();
            let done = Ran {
                file,
                case,
                outcome,
                time,
            };
            if let Ok(mut ran) = ran.lock() {
                ran.push((at, done));
            }
        }
    };
    let jobs = jobs.map_or(1, NonZero::get).min(all.len());
    thread::scope(|scope| {
        for _ in 1..jobs {
            scope.spawn(work);
        }
        work();
    });
    let mut ran = ran
        .into_inner()
        .map_err(|_| Failure::failed("a case ended in a panic"))?;
    ran.sort_by_key(|(at, _)| *at);
    Ok(ran.into_iter().map(|(_, done)| done).collect())
}

/// Says what came of the cases, and how the program ends.
fn told(
    arguments: &cli::Test,
    files: &[CaseFile],
    ran: Vec<Ran>,
    time: Duration,
) -> Result<(), Failure> {
    let mut text = String::new();
    let (mut passed, mut failed) = (0, 0);
    for done in &ran {
        let file = &files[done.file];
        let name = format!("{}: {}", file.path.display(), file.cases[done.case].name);
        let name = painted(&name, "");
        match &done.outcome {
            Outcome::Passed => {
                passed += 1;
                text.push_str(&format!("{}  {name}\n", painted("ok  ", GREEN)));
            }
            Outcome::Failed { .. } if arguments.update => {
                passed += 1;
                text.push_str(&format!("{}  {name}\n", painted("new ", GREEN)));
            }
            Outcome::Failed { difference, .. } => {
                failed += 1;
                text.push_str(&format!("{}  {name}\n", painted("FAIL", RED)));
                for line in difference.lines() {
                    let colour = match line.as_bytes().first() {
                        Some(b'-') => RED,
                        Some(b'+') => GREEN,
                        _ => "",
                    };
                    text.push_str(&format!("      {}\n", painted(line, colour)));
                }
            }
            Outcome::Broken(reason) => {
                failed += 1;
                let reason = painted(reason, "");
                let failed = painted("FAIL", RED);
                text.push_str(&format!("{failed}  {name}\n      {reason}\n"));
            }
        }
    }
    text.push_str(&format!(
        "{passed} passed, {failed} failed, in {:.2} s\n",
        time.as_secs_f64()
    ));
    outputs::write_painted(&text)?;
    if let Some(path) = &arguments.junit {
        junit::write(path, files, &ran, time)?;
    }
    if arguments.update {
        updated(files, ran)?;
    }
    match failed {
        0 => Ok(()),
        _ => Err(Failure::Told(FAILED)),
    }
}

fn updated(files: &[CaseFile], ran: Vec<Ran>) -> Result<(), Failure> {
    let mut found: Vec<Vec<(usize, Actual)>> = files.iter().map(|_| Vec::new()).collect();
    for done in ran {
        if let Outcome::Failed { actual, .. } = done.outcome {
            found[done.file].push((done.case, actual));
        }
    }
    for (file, found) in files.iter().zip(&found) {
        if !found.is_empty() {
            let written = update::update(file, found);
            written.map_err(|reason| Failure::code(reason, USAGE))?;
            report::tell(&format!("{} has what came out", file.path.display()));
        }
    }
    Ok(())
}

const RED: &str = "31";
const GREEN: &str = "32";
