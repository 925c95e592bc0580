//! The program's commands.

mod add;
mod bake;
mod check;
mod compile;
mod documents;
mod echo;
mod graph;
mod inspect;
mod jobs;
#[cfg(feature = "nats")]
pub(crate) mod nats;
mod new;
mod nodes;
mod pack;
mod part;
mod repl;
mod run;
mod schema;
pub(crate) mod serve;
mod stream;
mod test;
mod unpack;
mod watch;

use crate::cli::Command;
use crate::failure::Failure;

/// Does what the command line asks for.
pub(crate) fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run(arguments) if arguments.stream || arguments.chunk.is_some() => {
            stream::stream(&arguments)
        }
        Command::Run(arguments) => run::run(&arguments),
        Command::New(arguments) => new::new(&arguments),
        Command::Test(arguments) => test::test(&arguments),
        Command::Echo(arguments) => echo::echo(&arguments),
        Command::Graph(arguments) => graph::graph(&arguments),
        Command::Repl(arguments) => repl::repl(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::Nodes(arguments) => nodes::nodes(&arguments),
        Command::Schema(arguments) => schema::schema(&arguments),
        Command::Compile(arguments) => compile::compile(&arguments),
        Command::Bake(arguments) => bake::bake(&arguments),
        Command::Add(arguments) => add::add(&arguments),
        Command::Remove(arguments) => add::remove(&arguments),
        Command::Sync(arguments) => add::sync(&arguments),
        Command::Pack(arguments) => pack::pack(&arguments),
        Command::Unpack(arguments) => unpack::unpack(&arguments),
        Command::Inspect(arguments) => inspect::inspect(&arguments),
        Command::Serve(arguments) => serve::serve(&arguments),
        #[cfg(feature = "nats")]
        Command::Work(arguments) => nats::work(&arguments),
        #[cfg(feature = "nats")]
        Command::Submit(arguments) => nats::submit(&arguments),
        #[cfg(feature = "nats")]
        Command::Deploy(arguments) => nats::deploy(&arguments),
        Command::Completions(arguments) => documents::completions(&arguments),
        Command::Man(arguments) => documents::man(&arguments),
    }
}
