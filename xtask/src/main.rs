//! Build tasks: `cargo xtask --help`.

#![forbid(unsafe_code)]

mod addons;
mod artefacts;
mod audit;
mod busy;
mod bytecode;
mod clang;
mod compose;
mod crates;
mod debian;
mod deploy;
mod dist;
mod docs;
mod faults;
mod flatten;
mod guest;
mod hosts;
mod http;
mod link;
mod native;
mod npm;
mod numpy;
mod optimise;
mod package;
mod packages;
mod page;
mod profile;
mod python;
mod ray;
mod redirect;
mod sdk;
mod shell;
mod snapshot;
mod stamp;
mod stock;
mod suites;
mod test;
mod threats;
mod toolchain;
mod tools;
mod verify;
mod wheel;
mod zones;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::dist::Content;
use crate::faults::Spread;

/// Builds the pipeline component and its host, and runs the tests.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    /// Install nothing outside of the build's folder: name what is missing instead
    ///
    /// Without it, missing programs are installed from Debian's packages where
    /// that can be done (as root), and Rust's WebAssembly target by rustup; what is
    /// about to be installed and why is said before.
    #[arg(long, global = true)]
    no_install: bool,
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build everything into target/dist, a folder that can be moved anywhere
    ///
    /// The environment variable PIPELINE_TOOLCHAIN, `rustup` or `debian`,
    /// forces where the WebAssembly target of Rust comes from. With
    /// PIPELINE_BINARYEN=none the build takes a minute less and Python in it
    /// runs slower: for trying out a change of the guest.
    Build {
        #[command(flatten)]
        content: Content,
    },
    /// Build everything, then the wheel of the Python package, in target/package
    Wheel,
    /// Build everything, then what is released, in target/package
    ///
    /// The program as an archive, with the manual and completions; the wheel;
    /// the npm package; a bill of materials; checksums.
    Package,
    /// Build everything, then the tarball of the package for JavaScript, in target/npm
    Npm,
    /// Build everything, then run a pipeline: arguments are those of `pipeline run`
    Run {
        /// The manifest, and options of `pipeline run`
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Build everything, then measure what this project promises
    ///
    /// Options: --only PARTS, --quick, --record, --peers [--peers-python PROGRAM].
    Bench {
        /// Options of the benchmarks
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Build everything and run all tests
    Test {
        /// Run only the steps whose name contains this
        only: Option<String>,
        /// Keep each core busy with something else all the time: no test may
        /// depend on how fast or idle the machine is
        #[arg(long)]
        busy: bool,
    },
    /// Look up what is known of the dependencies: licences, sources, advisories, releases
    ///
    /// Fails at what it finds, and names what can't be looked up from here. The
    /// tests have the same as a step that fails only at what depends on the
    /// tree: licences, bans and sources.
    Audit,
    /// Build everything, then look for faults: a quarter of an hour
    ///
    /// The tests that are named after threats, the audit, the tests on Ray, the
    /// allocator under Miri, and each fuzz target for a minute. Fuzzing and Miri need a nightly
    /// toolchain by rustup.
    Verify {
        /// Do only the parts whose name contains this
        only: Option<String>,
        /// How long each fuzz target runs
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Build everything, then run it for hours with all that can go wrong
    ///
    /// Options: --runs N, --requests N, --kills N, --record; `--help` has all.
    Soak {
        /// Options of the soak
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Build everything, then kill, pause and cut off what runs pipelines, and count
    /// what is missing or doubled
    ///
    /// `nats`: workers of `pipeline work` and their server; --messages N, --kills N.
    /// `ray`: actors of Ray Data; --rows N, --kills N. Both: --record; `--help` has all.
    Faults {
        /// What runs them
        #[arg(value_enum)]
        spread: Spread,
        /// Options of the script
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Build everything, then measure what it costs to spread pipelines
    ///
    /// `nats`: workers beside a bare queue, and beside runs without one. `ray`:
    /// Ray Data beside wasmtime-py. Both: --rounds N, --record; `--help` has all.
    Scale {
        /// By what
        #[arg(value_enum)]
        spread: Spread,
        /// Options of the script
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Build everything, then an example of another kind than a manifest
    ///
    /// `compose`: a component in Rust that calls the pipeline component, joined
    /// to it as `wac plug` does and run by stock wasmtime.
    Example {
        /// Which
        #[arg(value_parser = ["compose"])]
        name: String,
    },
    /// Build everything, then use packages from PyPI in the sandbox, and write docs/packages.md
    Packages {
        /// Only those whose name contains one of these; nothing is written then
        only: Vec<String>,
    },
    /// Build a component with all add-ons, then use each in the sandbox, and write docs/add-ons.md
    AddOns,
    /// Build everything, then run numpy's own tests in the sandbox, and write the
    /// table in docs/numpy.md
    NumpyTests {
        /// Only files whose name contains one of these, such as `fft/`; nothing is
        /// written then
        only: Vec<String>,
    },
    /// Build everything, then try all that a checkout of the public SDK has, and write docs/sdk.md
    ///
    /// Its manifests are checked and run on generated media, its Python tests
    /// are run with this package in the place of its own, and its Python nodes
    /// are run as they are.
    Sdk {
        /// The checkout
        #[arg(long)]
        checkout: PathBuf,
        /// Try a build that is there instead of making one
        #[arg(long)]
        dist: Option<PathBuf>,
    },
    /// Build the component's parts, then count which functions CPython calls through
    /// tables, in xtask/profile/calls.txt: for a new CPython or numpy
    Profile,
    /// Write the table in docs/hosts.md from the results of the last tests
    Hosts,
    /// Build everything, then the documentation as a site, in target/site
    Site {
        /// Take a build that is there instead of making one
        #[arg(long)]
        dist: Option<PathBuf>,
    },
    /// Build everything, then do what the documentation says, and compare what comes out
    ///
    /// A page that is tried begins with a comment `<!-- tested -->`, which readers
    /// don't see; xtask/src/docs/trial.rs says what counts in it.
    Commands {
        /// Only pages whose path contains one of these
        only: Vec<String>,
        /// Try them with a build that is there instead of making one
        #[arg(long)]
        dist: Option<PathBuf>,
    },
    /// Build everything, then the pictures of the program and the page in docs/pictures
    ///
    /// The page's needs Chromium. The others are compared by `cargo xtask test`.
    Pictures {
        /// Take a build that is there instead of making one
        #[arg(long)]
        dist: Option<PathBuf>,
    },
    /// Build everything, then the page for browsers, in web/dist
    Page,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.no_install {
        debian::forbid_installing();
    }
    let result = match arguments.task {
        Task::Build { content } => dist::build_with(&content).map(|dist| {
            shell::say(format_args!("built {}", dist.display()));
            ExitCode::SUCCESS
        }),
        Task::Profile => profile::record().map(|profile| {
            shell::say(format_args!("wrote {}", profile.display()));
            ExitCode::SUCCESS
        }),
        Task::Wheel => wheel::run().map(|wheel| {
            shell::say(format_args!("built {}", wheel.display()));
            ExitCode::SUCCESS
        }),
        Task::Package => package::run().map(|folder| {
            shell::say(format_args!("packed in {}", folder.display()));
            ExitCode::SUCCESS
        }),
        Task::Npm => npm::run().map(|tarball| {
            shell::say(format_args!("built {}", tarball.display()));
            ExitCode::SUCCESS
        }),
        Task::Run { arguments } => dist::build().and_then(|dist| dist::run(&dist, &arguments)),
        Task::Bench { arguments } => dist::build().and_then(|dist| dist::bench(&dist, &arguments)),
        Task::Test { only, busy } => test::run(only.as_deref(), busy),
        Task::Audit => audit::run(),
        Task::Verify { only, seconds } => verify::run(only.as_deref(), seconds),
        Task::Soak { arguments } => dist::build().and_then(|dist| dist::soak(&dist, &arguments)),
        Task::Faults { spread, arguments } => {
            dist::build().and_then(|dist| faults::run(&dist, spread, &arguments))
        }
        Task::Scale { spread, arguments } => {
            dist::build().and_then(|dist| faults::scale(&dist, spread, &arguments))
        }
        Task::Example { name: _ } => dist::build().and_then(|dist| {
            print!("{}", compose::run(&dist)?);
            Ok(ExitCode::SUCCESS)
        }),
        Task::Packages { only } => packages::run(&only),
        Task::AddOns => packages::addons(),
        Task::NumpyTests { only } => suites::run(&only),
        Task::Sdk { checkout, dist } => {
            sdk::run(&checkout, dist.as_deref()).map(|()| ExitCode::SUCCESS)
        }
        Task::Hosts => hosts::write().map(|()| ExitCode::SUCCESS),
        Task::Site { dist } => docs::build(dist.as_deref()).map(|site| {
            shell::say(format_args!("built {}", site.join("index.html").display()));
            ExitCode::SUCCESS
        }),
        Task::Commands { only, dist } => docs::run(&only, dist.as_deref()),
        Task::Pictures { dist } => docs::draw(dist.as_deref()).map(|()| ExitCode::SUCCESS),
        Task::Page => page::run().map(|page| {
            shell::say(format_args!("built {}", page.display()));
            ExitCode::SUCCESS
        }),
    };
    result.unwrap_or_else(|error| {
        shell::say(format_args!("error: {error:#}"));
        ExitCode::FAILURE
    })
}

/// The repository's root.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), PathBuf::from)
}

/// Where everything that is built goes: wherever Cargo was told to build this
/// program.
fn target() -> PathBuf {
    profile()
        .parent()
        .map_or_else(|| root().join("target"), PathBuf::from)
}

/// Where Cargo puts programs for this machine.
fn profile() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program
        .parent()
        .map_or_else(|| root().join("target/release"), PathBuf::from)
}
