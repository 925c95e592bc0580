//! Files that the program writes, where somebody else was there first.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::program::{Files, Run, command, run};

/// A pipeline whose output becomes the file `out/out-0.txt`, which says "text".
fn text() -> (Files, Vec<String>) {
    let files = Files::new(&[(
        "m.json",
        r#"{"version": "v1", "nodes": [{"id": "e", "node_type": "PassThrough"}]}"#,
    )]);
    fs::create_dir(files.path("out")).unwrap();
    let item = r#"{"$text": {"text": "text"}}"#;
    let arguments = [
        "run",
        &files.path("m.json"),
        "--input",
        item,
        "--output-dir",
        &files.path("out"),
    ];
    let arguments = arguments.map(str::to_owned).to_vec();
    (files, arguments)
}

fn overwriting(mut arguments: Vec<String>) -> Vec<String> {
    arguments.push("--overwrite".to_owned());
    arguments
}

/// All names in a directory.
fn names(directory: &str) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn pipe(path: &str) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_link_planted_in_the_output_directory_is_not_followed() {
    let (files, arguments) = text();
    files.write("victim", b"precious");
    symlink(files.path("victim"), files.path("out/out-0.txt")).unwrap();
    run(&arguments)
        .code(2)
        .says(&["out-0.txt` is there already", "--overwrite"]);
    assert_eq!(fs::read(files.path("victim")).unwrap(), b"precious");
    run(overwriting(arguments)).code(0);
    assert_eq!(fs::read(files.path("victim")).unwrap(), b"precious");
    assert_eq!(fs::read(files.path("out/out-0.txt")).unwrap(), b"text");
    assert!(!Path::new(&files.path("out/out-0.txt")).is_symlink());
}

#[test]
fn a_link_to_nowhere_creates_no_file_there() {
    let (files, arguments) = text();
    symlink(files.path("elsewhere"), files.path("out/out-0.txt")).unwrap();
    run(&arguments).code(2).says(&["is there already"]);
    run(overwriting(arguments)).code(0);
    assert!(!Path::new(&files.path("elsewhere")).exists());
}

#[test]
fn earlier_results_are_not_replaced_in_silence() {
    let (files, arguments) = text();
    run(&arguments).code(0);
    files.write("out/out-0.txt", b"of the first run");
    run(&arguments)
        .code(2)
        .says(&["is there already", "write to another place"]);
    // Those of another run too, whatever numbers they have.
    fs::rename(files.path("out/out-0.txt"), files.path("out/out-7.png")).unwrap();
    run(&arguments)
        .code(2)
        .says(&["out-7.png` is there already"]);
    files.write("out/out-0.txt", b"of the first run");
    run(overwriting(arguments)).code(0);
    assert_eq!(fs::read(files.path("out/out-0.txt")).unwrap(), b"text");
    assert_eq!(names(&files.path("out")), ["out-0.txt", "out-7.png"]);
}

#[test]
fn a_pipe_in_the_output_directory_is_not_waited_for() {
    let (files, arguments) = text();
    pipe(&files.path("out/out-0.txt"));
    run(&arguments).code(2).says(&["is there already"]);
    run(overwriting(arguments)).code(0);
    assert_eq!(fs::read(files.path("out/out-0.txt")).unwrap(), b"text");
}

#[test]
fn a_full_disk_leaves_no_half_file() {
    let (files, arguments) = text();
    let manifest = files.path("m.json");
    files.write("large.bin", &[b'x'; 1 << 20]);
    let program = command(arguments).get_program().to_owned();
    // A limit on the size of files stands in for the disk's end.
    let mut limited = command(Vec::<String>::new());
    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$@\"", "sh"])
        .arg(program)
        .args([
            "run",
            &manifest,
            "--input",
            &format!("@{}", files.path("large.bin")),
        ])
        .args(["--output-dir", &files.path("out")])
        .envs(
            limited
                .env("LC_ALL", "C")
                .get_envs()
                .filter_map(|(key, value)| Some((key, value?))),
        )
        .output()
        .unwrap();
    Run::from(limited)
        .code(2)
        .says(&["out-0.bin` can't be written"]);
    assert!(names(&files.path("out")).is_empty());
}

const NODE: &str = "class Own:\n    def process(self, x):\n        return x\n";

#[test]
fn compile_does_not_write_through_a_linked_directory() {
    let files = Files::node(NODE);
    fs::create_dir(files.path("elsewhere")).unwrap();
    symlink(files.path("elsewhere"), files.path("nodes/__pycache__")).unwrap();
    run(["compile", &files.path("nodes")])
        .code(1)
        .says(&["__pycache__", "is a link, which is not followed"]);
    assert!(names(&files.path("elsewhere")).is_empty());
}

#[test]
fn compile_does_not_write_through_a_linked_file() {
    let files = Files::node(NODE);
    files.write("victim", b"precious");
    fs::create_dir(files.path("nodes/__pycache__")).unwrap();
    let bytecode = files.path("nodes/__pycache__/own.cpython-314.pyc");
    symlink(files.path("victim"), &bytecode).unwrap();
    run(["compile", &files.path("nodes")]).code(0);
    assert_eq!(fs::read(files.path("victim")).unwrap(), b"precious");
    assert!(!Path::new(&bytecode).is_symlink());
    assert_eq!(
        names(&files.path("nodes/__pycache__")),
        ["own.cpython-314.pyc"]
    );
}

#[test]
fn compile_does_not_wait_for_a_pipe() {
    let files = Files::node(NODE);
    pipe(&files.path("nodes/pipe.py"));
    run(["compile", &files.path("nodes")])
        .code(0)
        .says(&["compiled 1 module"]);
}
