//! The program under test.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long something may take that a test waits for: only what hangs takes
/// longer, on however busy a machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(600);

/// What a run left.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    #[track_caller]
    pub(crate) fn code(self, expected: i32) -> Self {
        assert_eq!(
            self.code,
            Some(expected),
            "{}\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    #[track_caller]
    pub(crate) fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(
                self.stderr.contains(part),
                "{part:?} is not in:\n{}",
                self.stderr
            );
        }
        for word in ["panicked", "RUST_BACKTRACE", "Some(", "Err(", "Error {"] {
            assert!(
                !self.stderr.contains(word),
                "{word:?} is in:\n{}",
                self.stderr
            );
        }
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }

    #[track_caller]
    pub(crate) fn outputs(&self) -> Value {
        let json = self.json();
        assert_eq!(json["status"], "success", "{json}\n{}", self.stderr);
        json["outputs"].clone()
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is text");
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a workspace")
        .to_owned()
}

pub(crate) fn dist() -> PathBuf {
    let dist = std::env::var_os("PIPELINE_DIST")
        .map_or_else(|| workspace().join("target/dist"), PathBuf::from);
    assert!(
        dist.join("pipeline.wasm").exists(),
        "{} is not built",
        dist.display()
    );
    dist
}

pub(crate) fn command<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipeline"));
    command
        .args(arguments)
        .env("PIPELINE_DIST", dist())
        .env("COLUMNS", "200")
        // What the tests compile is no business of the user's own cache.
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
    command.current_dir(workspace());
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub(crate) fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Run {
    command(arguments)
        .output()
        .expect("the program starts")
        .into()
}

pub(crate) fn run_with<S: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = S>,
    stdin: &str,
) -> Run {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = child.stdin.take().expect("a pipe");
    let text = stdin.to_owned();
    let writer = std::thread::spawn(move || {
        // It may end without reading.
        let _ = input.write_all(text.as_bytes());
    });
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("the writer ends");
    output.into()
}

/// The number of a metric in a text of Prometheus's form; 0 where it has none.
pub(crate) fn metric(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.map_or(0, |rest| rest.trim().parse().expect("a number"))
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn until(what: &str, so: impl FnMut() -> bool) {
    assert!(comes_true(so), "in vain: {what}");
}

fn comes_true(mut so: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !so() {
        if start.elapsed() > PATIENCE {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// Waits for a program's end; its exit code. One that hangs is killed.
#[track_caller]
pub(crate) fn end(child: &mut Child) -> Option<i32> {
    let mut status = None;
    if !comes_true(|| {
        status = child.try_wait().expect("a child");
        status.is_some()
    }) {
        let _ = child.kill();
        panic!("the program hangs");
    }
    status.and_then(|status| status.code())
}

/// The rest of what a program writes to its standard error.
pub(crate) fn told(child: &mut Child) -> String {
    let mut told = String::new();
    let mut stderr = child.stderr.take().expect("a pipe");
    stderr.read_to_string(&mut told).expect("text");
    told
}

/// Presses Ctrl-C.
pub(crate) fn interrupt(child: &Child) {
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}

/// A directory with files.
pub(crate) struct Files(tempfile::TempDir);

impl Files {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let files_ = Self(tempfile::tempdir().expect("a directory"));
        for (name, content) in files {
            files_.write(name, content.as_bytes());
        }
        files_
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, content).expect("a file");
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0
            .path()
            .join(name)
            .to_str()
            .expect("a path")
            .to_owned()
    }

    /// Runs a node of one's own on some items.
    pub(crate) fn node(code: &str) -> Self {
        Self::new(&[
            ("nodes/own.py", code),
            (
                "m.json",
                r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "own:Own"}]}"#,
            ),
        ])
    }

    pub(crate) fn arguments(&self, more: &[&str]) -> Vec<String> {
        let own = ["run", &self.path("m.json"), "--nodes", &self.path("nodes")].map(str::to_owned);
        own.into_iter()
            .chain(more.iter().map(|&argument| argument.to_owned()))
            .collect()
    }
}
