//! The programs of `tests/stdlib`: the same output in the sandbox as from the
//! machine's own Python, or a difference that is written down.

use std::collections::BTreeMap;
use std::process::Command;

use pipeline_tests::{field, string};

use crate::common::{item, root, run, sandbox, written};

/// What the native runner prints for each program.
fn native(arguments: &[&str]) -> BTreeMap<String, String> {
    let script = root().join("tests/stdlib/run_native.py");
    let output = Command::new("python3")
        .arg(script)
        .args(arguments)
        .output()
        .expect("python3");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .expect("UTF-8")
        .lines()
        .map(|line| {
            (
                string(&field(line, "program").expect("a name")),
                line.to_owned(),
            )
        })
        .collect()
}

#[test]
fn programs_give_what_they_give_natively() {
    let cases = native(&["--cases"]);
    let natively = native(&[]);
    let differences = std::fs::read_to_string(root().join("tests/stdlib/differences.json"))
        .expect("the differences");
    let sandbox = sandbox(Some(&root().join("tests/stdlib/programs")));
    let (mut same, mut differ, mut wrong) = (0, 0, Vec::new());
    for (program, case) in &cases {
        let manifest = format!(
            r#"{{"version": "v1", "nodes": [{{"id": "p", "node_type": "{program}:Program"}}]}}"#
        );
        let input = item(&field(case, "input").expect("an input"));
        let found = match run(&sandbox, &manifest, Some(&[input.into()])) {
            Ok(result) => result
                .into_items()
                .iter()
                .map(written)
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => error.traceback.unwrap_or(error.message),
        };
        let expected = match field(&differences, program) {
            Some(difference) => {
                differ += 1;
                field(&difference, "sandbox").expect("what the sandbox gives")
            }
            None => {
                same += 1;
                match field(&natively[program], "output") {
                    Some(output) => output,
                    None => panic!("{program} fails natively: {}", natively[program]),
                }
            }
        };
        let expected = written(&item(&expected));
        if found != expected {
            wrong.push(format!(
                "{program}\n    expected {expected}\n    found    {found}"
            ));
        }
    }
    println!("{same} programs give the same, {differ} differ as written down");
    assert!(same >= 120, "only {same} programs");
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}
