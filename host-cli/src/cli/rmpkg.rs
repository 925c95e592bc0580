//! The arguments of `pipeline pack`, `unpack` and `inspect`.

use std::path::PathBuf;

use clap::Args;

use super::{Format, Installation, LimitArguments};
use crate::rmpkg::signature::Key;

pub(super) const PACK: &str = "\
A package, x.rmpkg, is one file with all that a pipeline needs beside this
program: the manifest, the modules in the directories that --nodes names, the
packages that `pipeline add` installed there, with their licences, and what is
said of it. It runs as it is:
  pipeline run x.rmpkg --input 5

The same inputs give the same bytes. Hidden files and bytecode stay out of it.
The manifest is checked first, with these directories and no others.

Examples:
  pipeline pack manifest.json --nodes nodes --nodes packages -o speech.rmpkg
  pipeline pack manifest.json --nodes nodes --sign minisign.key
  pipeline run manifest.rmpkg --signed-by minisign.pub --input 5";

pub(super) const UNPACK: &str = "\
Examples:
  pipeline unpack speech.rmpkg
  pipeline unpack speech.rmpkg -o there --signed-by minisign.pub";

pub(super) const INSPECT: &str = "\
Nothing of the package runs.

Examples:
  pipeline inspect speech.rmpkg
  pipeline inspect speech.rmpkg --format json";

/// Make a package.
#[derive(Debug, Args)]
pub(crate) struct Pack {
    /// The manifest, JSON or YAML.
    pub(crate) manifest: String,
    /// The package [default: as the manifest, with .rmpkg, in the current
    /// directory].
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Replace a file of that name.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// What it is called [default: as the manifest says, or as its file].
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Its version [default: as the manifest says, or 0.1.0].
    #[arg(long, value_name = "VERSION")]
    pub(crate) package_version: Option<String>,
    /// Put the component in too, for whoever has none; by itself a package only
    /// says which one it was made with.
    #[arg(long)]
    pub(crate) with_runtime: bool,
    /// Sign it with this secret key of minisign. The signature goes beside it.
    #[arg(long, value_name = "KEY")]
    pub(crate) sign: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) installation: Installation,
}

/// Unpack a package.
#[derive(Debug, Args)]
pub(crate) struct Unpack {
    /// The package.
    pub(crate) package: PathBuf,
    /// The directory, which must not be there yet [default: as the package,
    /// without .rmpkg, in the current directory].
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) trust: Trust,
}

/// Say what is in a package.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The package.
    pub(crate) package: PathBuf,
    /// JSON, or for people.
    #[arg(long, value_enum, default_value_t = Format::Pretty)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) trust: Trust,
}

/// Whose packages are used.
#[derive(Debug, Args)]
#[command(next_help_heading = "Packages")]
pub(crate) struct Trust {
    /// Use nothing but packages (.rmpkg) that are signed with this public key of
    /// minisign: a file, or the key itself. Can be repeated; one of them will do.
    #[arg(long, value_name = "PUBKEY", value_parser = Key::parse)]
    pub(crate) signed_by: Vec<Key>,
}
