//! The program `pipeline`. All of it is in the library, on which the build depends
//! as well: so both ask for the same features of their dependencies, and wasmtime
//! is compiled once.

use std::process::ExitCode;

fn main() -> ExitCode {
    pipeline_cli::main()
}
