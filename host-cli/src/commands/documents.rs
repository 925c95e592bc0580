//! `pipeline completions` and `pipeline man`: what shells and `man` need to know
//! of the command line.

use std::io;

use clap::CommandFactory as _;

use crate::cli::{self, Cli};
use crate::failure::Failure;
use crate::outputs;

/// Prints a shell's completions.
pub(crate) fn completions(arguments: &cli::Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    clap_complete::generate(arguments.shell, &mut command, name, &mut script);
    outputs::write_out(&String::from_utf8_lossy(&script))
}

/// Writes the manual's pages, one for each command.
pub(crate) fn man(arguments: &cli::Man) -> Result<(), Failure> {
    let directory = &arguments.directory;
    let write = || -> io::Result<()> {
        std::fs::create_dir_all(directory)?;
        clap_mangen::generate_to(Cli::command(), directory)
    };
    write().map_err(|error| {
        Failure::failed(format!(
            "the manual can't be written to `{}`: {error}",
            directory.display()
        ))
    })
}
