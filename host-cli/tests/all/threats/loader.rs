//! Compiled code, which is run as it is: where it comes from.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::program::{Files, Run, command, dist};

/// Runs a small pipeline with a component and a cache of its own.
fn run(files: &Files, component: &str) -> Run {
    let arguments = ["run", "examples/multiply_add.json", "--input", "1"];
    let mut command = command(arguments);
    command
        .args(["--component", component])
        .env("XDG_CACHE_HOME", files.path("cache"));
    Run::from(command.output().unwrap()).code(0)
}

#[test]
fn code_that_lies_beside_somebody_elses_component_is_not_run() {
    let files = Files::new(&[]);
    // What an unpacked archive brings, and looks as if it were this user's.
    for name in ["pipeline.wasm", "pipeline.cwasm"] {
        fs::copy(dist().join(name), files.path(name)).unwrap();
    }
    let first = run(&files, &files.path("pipeline.wasm"));
    first.says(&["compiling", "kept in"]);
    let second = run(&files, &files.path("pipeline.wasm"));
    assert_eq!(second.stderr, "");
}

#[test]
fn a_bit_that_flips_in_compiled_code_does_not_crash_the_program() {
    let files = Files::new(&[]);
    let component = files.path("c.cwasm");
    let whole = fs::read(dist().join("pipeline.cwasm")).unwrap();
    for tenth in 0..10 {
        let mut flipped = whole.clone();
        flipped[whole.len() / 10 * tenth + tenth] ^= 1 << (tenth % 8);
        let _ = fs::remove_file(&component);
        fs::write(&component, &flipped).unwrap();
        let arguments = [
            "run",
            "examples/multiply_add.json",
            "--component",
            &component,
        ];
        let run = Run::from(command(arguments).output().unwrap());
        run.code(2).says(&["can't be used"]);
    }
}

#[test]
fn a_copied_folder_starts_with_its_own_code_and_compiles_nothing() {
    let files = Files::new(&[]);
    let copy = files.path("elsewhere");
    // Without the times, as archives and `cp -r` do it.
    let mut copied = Command::new("cp");
    copied.args(["-r", "--"]).arg(dist()).arg(&copy);
    assert!(copied.status().unwrap().success());
    // The component is newer than the code by now, for who believes in times.
    let wasm = fs::read(dist().join("pipeline.wasm")).unwrap();
    fs::write(Path::new(&copy).join("pipeline.wasm"), wasm).unwrap();
    let start = || {
        let mut command = command(["run", "examples/multiply_add.json", "--input", "1"]);
        command
            .env("PIPELINE_DIST", &copy)
            .env("XDG_CACHE_HOME", files.path("cache"));
        Run::from(command.output().unwrap()).code(0)
    };
    assert_eq!(start().stderr, "");
    // Others may not have written there.
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o777)).unwrap();
    start().says(&["others may write to its directory", "compiling"]);
}
