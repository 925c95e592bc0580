//! numpy's own tests, run in the sandbox: each file in an instance of its own. What
//! came of them stands in `docs/numpy.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::dist::copy_tree;
use crate::stamp::{self, Inputs};
use crate::{artefacts, dist, shell, test};

/// The packages of numpy's whose tests are run. `f2py`, `typing` and `tests` are
/// about compilers, type checkers and installed files.
const PACKAGES: &[&str] = &[
    "_core",
    "fft",
    "lib",
    "linalg",
    "ma",
    "matrixlib",
    "polynomial",
    "random",
];

/// Files that each change must pass, of a minute or so.
const QUICK: &[&str] = &[
    "_core/tests/test_half.py",
    "_core/tests/test_shape_base.py",
    "fft/tests/test_pocketfft.py",
    "lib/tests/test_index_tricks.py",
    "linalg/tests/test_deprecations.py",
    "ma/tests/test_subclassing.py",
    "polynomial/tests/test_chebyshev.py",
    "random/tests/test_seed_sequence.py",
];

/// Where the table begins and ends in the document.
const BEGIN: &str = "<!-- Written by `cargo xtask numpy-tests`. -->";
const END: &str = "<!-- The end of what it writes. -->";

/// What a file came to.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct File {
    file: String,
    passed: u64,
    skipped: u64,
    xfailed: u64,
    xpassed: u64,
    /// Each test that failed, and what it says.
    failed: BTreeMap<String, String>,
    why_skipped: BTreeMap<String, u64>,
    /// Why the run came to no end.
    #[serde(default)]
    broken: Option<String>,
}

/// Runs the files whose names contain one of the given texts, or all; then the
/// document and the list of what fails are written.
///
/// # Errors
/// Where the tests can't be had, or the program can't be started.
pub(crate) fn run(only: &[String]) -> Result<ExitCode> {
    let dist = dist::build()?;
    let suites = Suites::prepare(&dist)?;
    let mut files = Vec::new();
    for name in suites.names()? {
        if !only.is_empty() && !only.iter().any(|text| name.contains(text)) {
            continue;
        }
        let file = suites.run(&name)?;
        shell::say(format_args!("{}", told(&file)));
        files.push(file);
    }
    ensure!(!files.is_empty(), "no file's name contains {only:?}");
    if only.is_empty() {
        write_document(&files)?;
        fs::write(known_file(), known_text(&files)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs the quick part.
///
/// # Errors
/// Where a test fails that is not known to.
pub(crate) fn quick(dist: &Path) -> Result<()> {
    let suites = Suites::prepare(dist)?;
    let known: BTreeMap<String, String> = serde_json::from_str(&fs::read_to_string(known_file())?)?;
    let mut wrong = 0;
    for name in QUICK {
        let file = suites.run(name)?;
        shell::say(format_args!("{}", told(&file)));
        if let Some(why) = &file.broken {
            bail!("{name} came to no end: {why}");
        }
        ensure!(file.passed > 0, "{name}: nothing passed");
        for (test, says) in &file.failed {
            if !known.contains_key(test) {
                wrong += 1;
                shell::say(format_args!("  {test}: {says}"));
            }
        }
    }
    ensure!(wrong == 0, "{wrong} tests failed that are not known to");
    Ok(())
}

/// numpy's tests, and what runs them.
struct Suites {
    program: PathBuf,
    /// The folder that has `numpy` with nothing but tests.
    tests: PathBuf,
    /// pytest and what it needs.
    packages: PathBuf,
    manifest: PathBuf,
}

impl Suites {
    fn prepare(dist: &Path) -> Result<Self> {
        let folder = crate::target().join("numpy-tests");
        fs::create_dir_all(&folder)?;
        let manifest = folder.join("manifest.json");
        let node = json!({"id": "suite", "node_type": "suite:Suite"});
        fs::write(
            &manifest,
            json!({"version": "v1", "nodes": [node]}).to_string(),
        )?;
        Ok(Self {
            program: dist.join("pipeline"),
            tests: tests(&folder)?,
            packages: packages(&folder)?,
            manifest,
        })
    }

    /// The files of tests, by their places below `numpy`.
    fn names(&self) -> Result<Vec<String>> {
        let root = self.tests.join("numpy");
        let mut names = Vec::new();
        for file in stamp::files_below(&root)? {
            let name = file.strip_prefix(&root)?.display().to_string();
            let last = name.rsplit('/').next().unwrap_or_default();
            let package = name.split('/').next().unwrap_or_default();
            if PACKAGES.contains(&package) && last.starts_with("test_") && last.ends_with(".py") {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn run(&self, name: &str) -> Result<File> {
        let output = shell::command(&self.program, &crate::root())
            .arg("run")
            .arg(&self.manifest)
            .args([
                "--timeout",
                "3600",
                "--max-memory",
                "3000",
                "--max-log",
                "64",
            ])
            .args(["--input", &json!(name).to_string(), "--nodes"])
            .arg(crate::root().join("tests/numpy"))
            .arg("--nodes")
            .arg(&self.tests)
            .arg("--nodes")
            .arg(&self.packages)
            .output()
            .context("can't start the program `pipeline`")?;
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        if report["status"] == "success" {
            return Ok(serde_json::from_value(report["outputs"][0].clone())?);
        }
        let message = report["error"]["message"].as_str().map_or_else(
            || String::from_utf8_lossy(&output.stderr).into_owned(),
            str::to_owned,
        );
        Ok(File {
            file: name.to_owned(),
            broken: Some(message.lines().next().unwrap_or_default().to_owned()),
            ..File::default()
        })
    }
}

/// The tests in numpy's source, as a folder of their own.
fn tests(folder: &Path) -> Result<PathBuf> {
    let source = crate::target().join("numpy/source");
    let tests = folder.join("tests");
    let inputs = Inputs::new("numpy's tests", &[include_str!("suites.rs")])
        .file(&crate::root().join("xtask/numpy/source.txt"))?
        .file(&crate::root().join("tests/numpy/pytest.ini"))?;
    stamp::unless_done("take numpy's tests", inputs, &tests, || {
        artefacts::recreate(&tests)?;
        let unpacked = fs::read_dir(&source)?.next().context("no source")??.path();
        let numpy = unpacked.join("numpy");
        fs::create_dir_all(tests.join("numpy"))?;
        fs::copy(numpy.join("conftest.py"), tests.join("numpy/conftest.py"))?;
        for package in PACKAGES {
            let from = numpy.join(package).join("tests");
            copy_tree(&from, &tests.join("numpy").join(package).join("tests"))?;
        }
        let settings = crate::root().join("tests/numpy/pytest.ini");
        fs::copy(settings, tests.join("pytest.ini"))?;
        Ok(())
    })?;
    Ok(tests)
}

/// pytest, for the sandbox.
fn packages(folder: &Path) -> Result<PathBuf> {
    let packages = folder.join("packages");
    let requirements = crate::root().join("tests/numpy/requirements.txt");
    let inputs =
        Inputs::new("numpy's testers", &[include_str!("suites.rs")]).file(&requirements)?;
    let python = test::python_tools()?;
    stamp::unless_done("install pytest for the sandbox", inputs, &packages, || {
        shell::output(
            shell::command(python, &crate::root())
                .args(["-m", "pip", "install", "--quiet", "--no-compile"])
                .args(["--disable-pip-version-check", "--upgrade"])
                // Those that hold no compiled part.
                .args(["--only-binary=:all:", "--platform", "any", "--target"])
                .arg(&packages)
                .arg("--requirement")
                .arg(&requirements),
        )
        .map(drop)
    })?;
    Ok(packages)
}

fn known_file() -> PathBuf {
    crate::root().join("tests/numpy/failures.json")
}

fn known_text(files: &[File]) -> Result<String> {
    let all: BTreeMap<_, _> = files.iter().flat_map(|file| &file.failed).collect();
    Ok(serde_json::to_string_pretty(&all)? + "\n")
}

fn told(file: &File) -> String {
    match &file.broken {
        Some(why) => format!("{}: came to no end: {why}", file.file),
        None => format!(
            "{}: {} passed, {} failed, {} skipped, {} failed as expected",
            file.file,
            file.passed,
            file.failed.len(),
            file.skipped,
            file.xfailed
        ),
    }
}

/// Why a test failed, as far as its last words say it.
fn reason(says: &str) -> &'static str {
    const REASONS: &[(&str, &[&str])] = &[
        ("needs threads", &["threads cannot be started"]),
        (
            "needs processes",
            &[
                "subprocess",
                "does not support processes",
                "multiprocessing",
            ],
        ),
        (
            "asks for floating-point flags",
            &[
                "DID NOT WARN",
                "DID NOT RAISE",
                "FloatingPointError",
                "RuntimeWarning",
            ],
        ),
        (
            "needs `ctypes`, `mmap` or files",
            &["ctypes", "mmap", "Errno"],
        ),
        (
            "more memory than there is",
            &["MemoryError", "Unable to allocate"],
        ),
    ];
    let of = |(_, words): &&(&str, &[&str])| words.iter().any(|word| says.contains(word));
    REASONS
        .iter()
        .find(of)
        .map_or("other", |(reason, _)| reason)
}

fn write_document(files: &[File]) -> Result<()> {
    let path = crate::root().join("docs/numpy.md");
    let text = fs::read_to_string(&path)?;
    let (before, rest) = text.split_once(BEGIN).context("no place for the table")?;
    let (_, after) = rest.split_once(END).context("no end of the table")?;
    fs::write(
        &path,
        format!("{before}{BEGIN}\n\n{}\n{END}{after}", table(files)),
    )?;
    Ok(())
}

fn table(files: &[File]) -> String {
    let mut text = "| tests of | files | passed | failed | skipped | failed as numpy expects | came to no end |\n\
        | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        .to_owned();
    let mut packages: BTreeMap<&str, Vec<&File>> = BTreeMap::new();
    for file in files {
        let package = file.file.split('/').next().unwrap_or_default();
        packages.entry(package).or_default().push(file);
    }
    for (package, files) in &packages {
        let sum = |of: fn(&File) -> u64| files.iter().map(|file| of(file)).sum::<u64>();
        let _ = writeln!(
            text,
            "| `numpy.{package}` | {} | {} | {} | {} | {} | {} |",
            files.len(),
            sum(|file| file.passed),
            sum(|file| file.failed.len() as u64),
            sum(|file| file.skipped),
            sum(|file| file.xfailed),
            sum(|file| file.broken.is_some().into()),
        );
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for says in files.iter().flat_map(|file| file.failed.values()) {
        *reasons.entry(reason(says)).or_default() += 1;
    }
    text.push_str("\n| why a test failed | |\n| --- | ---: |\n");
    for (reason, count) in reasons {
        let _ = writeln!(text, "| {reason} | {count} |");
    }
    for file in files {
        if let Some(why) = &file.broken {
            let _ = writeln!(text, "\n`{}` came to no end: {why}", file.file);
        }
    }
    text
}
