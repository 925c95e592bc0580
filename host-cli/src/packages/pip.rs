//! The user's own pip: it knows indexes, certificates, proxies and caches, and it
//! chooses versions.
//!
//! It chooses for the machine that it runs on, though. Its options name another
//! Python and another platform for wheels, and conditions in requirements
//! (`sys_platform == "win32"`) are judged by the Python that runs it all the
//! same; uv has a list of platforms for them, on which WASI is not. So pip is
//! started by a few lines that put the sandbox's values in place of its own, and
//! make sure that they count.

use std::fs;
use std::io::{BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use pipeline_host::Interrupt;
use pipeline_host::terminal::visible;

use super::requirement::{Requirement, normal};
use super::wheel::WITHOUT_COMPILED;
use crate::cli;
use crate::failure::{Failure, INTERRUPTED};

/// The sandbox's Python.
pub(crate) const PYTHON: &str = "3.14";

/// How the lines below end where there is no pip, and where it takes no values.
const NO_PIP: i32 = 97;
const OTHER_PIP: i32 = 98;

/// How uv begins to say what went wrong with it.
const UV_SAYS: &str = "error: ";

/// What starts pip. Nothing of the current directory is imported.
const START: &str = r#"
import sys
sys.path[:] = [path for path in sys.path if path]
try:
    from pip._vendor.packaging import markers
except ImportError:
    sys.exit(97)
SANDBOX = {
    "implementation_name": "cpython",
    "implementation_version": "3.14.0",
    "os_name": "posix",
    "platform_machine": "wasm32",
    "platform_python_implementation": "CPython",
    "platform_release": "0.0.0",
    "platform_system": "wasi",
    "platform_version": "0.0.0",
    "python_full_version": "3.14.0",
    "python_version": "3.14",
    "sys_platform": "wasi",
}
markers.default_environment = lambda: dict(SANDBOX)
if not all(markers.Marker(f"{name} == '{value}'").evaluate() for name, value in SANDBOX.items()):
    sys.exit(98)
import runpy
sys.argv[0] = "pip"
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"#;

/// The platform of wheels with compiled code: that it is no part of what is installed
/// makes it one as good as another, and the lock file the same everywhere.
const COMPILED: &[&str] = &[
    "manylinux2014_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux_2_28_x86_64",
];

/// What has a pip, in the order in which it is asked.
const CANDIDATES: [&[&str]; 3] = [
    &["python3"],
    &["python"],
    &[
        "uv",
        "run",
        "--no-project",
        "--quiet",
        "--with",
        "pip",
        "python",
    ],
];

/// What went wrong in pip.
#[derive(Debug, Default)]
pub(crate) struct Complaint {
    /// What it says of it.
    errors: Vec<String>,
    /// Files that it passed over, with the beginning of the reason.
    passed_over: Vec<(Why, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Native,
    Source,
}

/// Lets pip download wheels.
pub(crate) struct Download<'a> {
    pub(crate) index: &'a cli::Index,
    /// A file of requirements, one of constraints, and more options.
    pub(crate) requirements: &'a Path,
    pub(crate) options: Vec<std::ffi::OsString>,
    /// Whether wheels may have compiled code, for one platform that is the same on
    /// every machine.
    pub(crate) compiled: bool,
    pub(crate) interrupt: &'a Interrupt,
}

impl Download<'_> {
    /// Downloads into a directory; gives the files in it, by name.
    ///
    /// # Errors
    /// Where there is no pip; the inner one is what pip says.
    pub(crate) fn fetch(
        &self,
        directory: &Path,
    ) -> Result<Result<Vec<PathBuf>, Complaint>, Failure> {
        for candidate in CANDIDATES {
            let (code, complaint) = match self.start(candidate, directory) {
                Ok(ended) => ended,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => {
                    let program = candidate[0];
                    return Err(Failure::failed(format!(
                        "`{program}` can't be started: {error}"
                    )));
                }
            };
            if self.interrupt.is_raised() {
                return Err(Failure::code("interrupted", INTERRUPTED));
            }
            tracing::debug!(?candidate, ?code, "pip ended");
            match code {
                Some(0) => return files(directory).map(Ok),
                Some(NO_PIP | OTHER_PIP) => {}
                _ => return Ok(Err(complaint)),
            }
        }
        let text = "there is no pip, which chooses and downloads packages";
        Err(Failure::failed(text).help(
            "install Python with pip (`python3 -m pip --version` shows it), or uv, which brings one",
        ))
    }

    fn start(
        &self,
        candidate: &[&str],
        directory: &Path,
    ) -> std::io::Result<(Option<i32>, Complaint)> {
        let mut command = Command::new(candidate[0]);
        command.args(&candidate[1..]).args(["-c", START]);
        command.args(["download", "-vv", "--only-binary", ":all:"]);
        let (platforms, abi) = match self.compiled {
            true => (COMPILED, "cp314"),
            false => (&["any"][..], "none"),
        };
        for platform in platforms {
            command.args(["--platform", platform]);
        }
        command.args(["--implementation", "cp", "--abi", abi]);
        command.args([
            "--python-version",
            PYTHON,
            "--progress-bar",
            "off",
            "--no-color",
        ]);
        command.args(["--no-input", "--disable-pip-version-check", "--dest"]);
        command.arg(directory).arg("-r").arg(self.requirements);
        command.args(&self.options).args(self.index.options());
        // So that what it says can be read.
        command
            .env("LC_ALL", "C.UTF-8")
            .env("PYTHONIOENCODING", "utf-8");
        let (said, saying) = std::io::pipe()?;
        command
            .stdin(Stdio::null())
            .stdout(saying.try_clone()?)
            .stderr(saying);
        let mut child = command.spawn()?;
        // It holds the other end.
        drop(command);
        let progress = progress();
        let bar = progress.clone();
        let reader = std::thread::spawn(move || listen(BufReader::new(said), &bar));
        while !reader.is_finished() {
            if self.interrupt.is_raised() {
                let _ = child.kill();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let status = child.wait()?;
        progress.finish_and_clear();
        Ok((status.code(), reader.join().unwrap_or_default()))
    }
}

fn progress() -> ProgressBar {
    // It draws on a terminal alone.
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        bar.set_style(style);
    }
    bar.set_message("choosing packages");
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Reads what pip says: shows how far it is, and keeps what it complains of.
fn listen(mut said: impl std::io::BufRead, bar: &ProgressBar) -> Complaint {
    /// More than anybody reads.
    const MOST: usize = 200;
    let mut complaint = Complaint::default();
    let mut explaining = false;
    let mut line = Vec::new();
    while said.by_ref_until(&mut line) {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        let inner = text.trim_start();
        tracing::trace!(pip = text);
        if inner.starts_with("Collecting ") || inner.starts_with("Downloading ") {
            bar.set_message(visible(inner).into_owned());
        }
        if let Some(skipped) = inner.strip_prefix("Skipping link: ") {
            let why = match skipped {
                it if it.starts_with("none of the wheel's tags") => Why::Native,
                it if it.starts_with("No sources permitted") => Why::Source,
                _ => continue,
            };
            // The index has a file's name at the end of its address.
            let address = skipped.split(": ").nth(1).unwrap_or_default();
            let address = address.split([' ', '#']).next().unwrap_or_default();
            let file = address.rsplit('/').next().unwrap_or_default();
            complaint.passed_over.push((why, file.to_owned()));
            continue;
        }
        // What belongs to an error stands below it, indented.
        explaining = match inner {
            _ if ["ERROR:", "The conflict is caused", UV_SAYS]
                .iter()
                .any(|it| inner.starts_with(it)) =>
            {
                true
            }
            "" => explaining,
            _ => explaining && text.starts_with(' '),
        };
        if explaining && complaint.errors.len() < MOST {
            let text = text.strip_prefix("ERROR: ").unwrap_or(text);
            complaint.errors.push(text.to_owned());
        }
    }
    complaint
}

/// Reading lines that need not be text.
trait Lines {
    fn by_ref_until(&mut self, line: &mut Vec<u8>) -> bool;
}

impl<R: std::io::BufRead> Lines for R {
    fn by_ref_until(&mut self, line: &mut Vec<u8>) -> bool {
        line.clear();
        matches!(self.read_until(b'\n', line), Ok(1..))
    }
}

impl Complaint {
    /// The requirement that nothing satisfies, and its name.
    fn missing(&self) -> Option<(&str, &str)> {
        self.errors.iter().find_map(|line| {
            let rest = line.strip_prefix("No matching distribution found for ")?;
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
            Some((rest, &rest[..end.unwrap_or(rest.len())]))
        })
    }

    /// The last of the files of a package that were passed over for this reason.
    fn passed_over(&self, why: Why, name: &str) -> Option<&str> {
        let files = self.passed_over.iter().rev();
        let mut files = files.filter(|(it, file)| *it == why && is_of(file, name));
        files.next().map(|(_, file)| file.as_str())
    }

    /// A requirement that could be satisfied by a package that works without its
    /// compiled code, other than those that are `known` already.
    pub(crate) fn without_compiled(&self, known: &[&str]) -> Option<Requirement> {
        let native = |name: &&&str| self.passed_over(Why::Native, name).is_some();
        let name = WITHOUT_COMPILED
            .iter()
            .filter(|name| !known.contains(name))
            .find(native)?;
        let missing = self.missing().filter(|(_, it)| normal(it) == **name);
        let requirement = missing.and_then(|(requirement, _)| requirement.parse().ok());
        requirement.or_else(|| name.parse().ok())
    }

    /// The package with compiled code that others could not do without.
    fn needed(&self) -> Option<(&str, &str)> {
        let needed = self.errors.iter().filter_map(|line| {
            let (_, needed) = line.split_once(" depends on ")?;
            let end = needed.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
            Some(&needed[..end.unwrap_or(needed.len())])
        });
        let mut native =
            needed.filter_map(|name| Some((name, self.passed_over(Why::Native, name)?)));
        native.next()
    }

    /// What to tell: of a package that can't be had, what there is of it.
    pub(crate) fn tell(self) -> Failure {
        let Some((requirement, name)) = self.missing() else {
            if self
                .errors
                .iter()
                .any(|line| line.contains("DO NOT MATCH THE HASHES"))
            {
                let said = self.errors.join("\n");
                let text = format!("what pip finds is not what is locked: {said}");
                return Failure::failed(text).help("`pipeline add --upgrade` chooses anew");
            }
            if let Some((name, file)) = self.needed() {
                return native(name, file);
            }
            if self.errors.iter().any(|line| line.starts_with(UV_SAYS)) {
                let said = self.errors.join("\n");
                return Failure::failed(format!("there is no pip, and uv can't bring one: {said}"));
            }
            let said = match self.errors.is_empty() {
                true => "it does not say why; -vvv shows all that it says".to_owned(),
                false => self.errors.join("\n"),
            };
            return Failure::failed(format!(
                "pip can't choose packages that go together: {said}"
            ));
        };
        let of = |why| self.passed_over(why, name);
        let others = self.errors.iter().any(|line| {
            !line.contains("(from versions: none)") && line.contains("(from versions:")
        });
        if others {
            let said = self.errors.join("\n");
            let text = format!("no version of `{name}` fits `{requirement}`: {said}");
            return Failure::failed(text)
                .help("versions with compiled code don't count: the sandbox runs pure Python");
        }
        if let Some(file) = of(Why::Native) {
            return native(name, file);
        }
        if let Some(file) = of(Why::Source) {
            let text = format!("`{name}` has no wheel, only its source ({file})");
            return Failure::failed(text).help(format!(
                "nothing is built here, since that runs the package's code on this machine; if you \
                 trust it: `pip wheel --no-deps -w wheels {name}`, then --find-links wheels"
            ));
        }
        let said = self.errors.join("\n");
        Failure::failed(format!(
            "there is no package `{name}` where pip looks: {said}"
        ))
        .help("a package may have another name than its module: `yaml` is in `pyyaml`")
    }
}

/// What to tell of a package with compiled code.
fn native(name: &str, file: &str) -> Failure {
    let text = format!("`{name}` has compiled code ({file}), and the sandbox runs pure Python");
    Failure::failed(text).help(
        "numpy is there without being installed; docs/add-ons.md lists packages that a component can \
         be built with, docs/packages.md those that work as they are; and nodes in Rust do much with \
         audio, images and tensors",
    )
}

/// Whether a file is of a package of this name.
fn is_of(file: &str, name: &str) -> bool {
    let (file, name) = (normal(file), normal(name));
    file.strip_prefix(&*name).is_some_and(|rest| {
        rest.strip_prefix('-')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    })
}

fn files(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(directory).and_then(|entries| {
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        paths.collect::<std::io::Result<Vec<_>>>()
    });
    let mut files = entries
        .map_err(|error| Failure::failed(format!("what pip downloaded can't be read: {error}")))?;
    files.sort();
    Ok(files)
}
