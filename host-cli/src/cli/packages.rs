//! The arguments of `pipeline add`, `remove` and `sync`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::{Installation, LimitArguments};
use crate::packages::requirement::Requirement;
use crate::packages::{DIRECTORY, Place};

pub(super) const ADD: &str = "\
Packages are chosen for the sandbox: CPython 3.14 on WASI, wheels in pure Python
alone, conditions such as `sys_platform == \"win32\"` judged as there. What comes
with the component, numpy, satisfies who needs it. The user's own pip chooses and
downloads them, with its index and configuration; where there is none, uv brings
one. Nothing of a package runs, but in the sandbox.

They go to the directory `packages` beside the manifest, or in the current
directory, and `packages.lock` beside that says which versions were taken, with
their hashes. Later additions keep to it; `pipeline sync` installs what it says.
A run sees them where it is told to:
  pipeline run manifest.json --nodes nodes --nodes packages

Examples:
  pipeline add humanize 'python-slugify>=8'
  pipeline add -r requirements.txt
  pipeline add --manifest pipeline.json         # what its python_deps name
  pipeline add humanize --find-links wheels --no-index";

pub(super) const REMOVE: &str = "\
Example:
  pipeline remove humanize";

pub(super) const SYNC: &str = "\
Installs what packages.lock says, each wheel with the hash that stands there, and
nothing else: the same packages on each machine.

Examples:
  pipeline sync
  pipeline sync --manifest pipelines/speech.json";

/// Add packages.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// A package, as in requirements: `humanize`, `httpx[http2]>=0.28`.
    #[arg(value_name = "PACKAGE")]
    pub(crate) packages: Vec<Requirement>,
    /// A file of requirements, one a line. Can be repeated.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) requirements: Vec<PathBuf>,
    /// Choose all versions anew, not only what is added.
    #[arg(long)]
    pub(crate) upgrade: bool,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

/// Remove packages.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// A package that was added; what only it needs goes too.
    #[arg(required = true, value_name = "PACKAGE")]
    pub(crate) packages: Vec<Requirement>,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

/// Install what is locked.
#[derive(Debug, Args)]
pub(crate) struct Sync {
    #[command(flatten)]
    pub(crate) shared: Shared,
}

/// What these commands have in common.
#[derive(Debug, Args)]
pub(crate) struct Shared {
    /// The manifest: packages go to `packages` beside it. To add without names:
    /// those in its python_deps.
    #[arg(long, value_name = "FILE", conflicts_with = "into")]
    pub(crate) manifest: Option<PathBuf>,
    /// The directory for the packages [default: packages].
    #[arg(long, value_name = "DIR")]
    pub(crate) into: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) index: Index,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

impl Shared {
    /// Where the packages go.
    pub(crate) fn place(&self) -> Place {
        Place::at(match (&self.into, &self.manifest) {
            (Some(directory), _) => directory.clone(),
            (None, Some(manifest)) => manifest.with_file_name(DIRECTORY),
            (None, None) => DIRECTORY.into(),
        })
    }
}

/// Where pip looks for packages, besides its own configuration.
#[derive(Debug, Args)]
#[command(next_help_heading = "Index")]
pub(crate) struct Index {
    /// A directory with wheels, or an address with links to some. Can be
    /// repeated.
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) find_links: Vec<OsString>,
    /// Ask no index: --find-links has it all.
    #[arg(long)]
    pub(crate) no_index: bool,
    /// The index to ask.
    #[arg(long, value_name = "URL")]
    pub(crate) index_url: Option<OsString>,
    /// One more index to ask. Can be repeated.
    #[arg(long, value_name = "URL")]
    pub(crate) extra_index_url: Vec<OsString>,
}

impl Index {
    /// The same as pip's options.
    pub(crate) fn options(&self) -> Vec<OsString> {
        let mut options = Vec::new();
        let mut option = |name: &str, values: &[OsString]| {
            for value in values {
                options.extend([name.into(), value.clone()]);
            }
        };
        option("--find-links", &self.find_links);
        option("--index-url", self.index_url.as_slice());
        option("--extra-index-url", &self.extra_index_url);
        if self.no_index {
            options.push("--no-index".into());
        }
        options
    }
}
