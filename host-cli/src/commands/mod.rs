//! The program's commands.

mod bake;
mod check;
mod compile;
mod documents;
mod jobs;
mod nodes;
mod run;
mod schema;
pub(crate) mod serve;
mod stream;

use crate::cli::Command;
use crate::failure::Failure;

/// Does what the command line asks for.
pub(crate) fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run(arguments) if arguments.stream || arguments.chunk.is_some() => {
            stream::stream(&arguments)
        }
        Command::Run(arguments) => run::run(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::Nodes(arguments) => nodes::nodes(&arguments),
        Command::Schema(arguments) => schema::schema(&arguments),
        Command::Compile(arguments) => compile::compile(&arguments),
        Command::Bake(arguments) => bake::bake(&arguments),
        Command::Serve(arguments) => serve::serve(&arguments),
        Command::Completions(arguments) => documents::completions(&arguments),
        Command::Man(arguments) => documents::man(&arguments),
    }
}
