//! What the command line takes, and what it refuses.

use std::time::Duration;

use clap::CommandFactory;
use pipeline_host::Limits;

use super::limits::Limit;
use super::*;

fn run(arguments: &[&str]) -> Result<Run, String> {
    let all = ["pipeline", "run"].iter().chain(arguments);
    match Cli::try_parse_from(all).map(|cli| cli.command) {
        Ok(Command::Run(run)) => Ok(run),
        Ok(other) => Err(format!("{other:?}")),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_can_be_read_with_its_defaults() {
    for arguments in [
        &["run", "m.json"][..],
        &["check", "m.json"],
        &["nodes"],
        &["compile", "nodes"],
        &["serve"],
        &[
            "serve",
            "--drain",
            "0.5",
            "--idle-timeout",
            "2",
            "--timeout",
            "none",
        ],
    ] {
        let read = Cli::try_parse_from(["pipeline"].iter().chain(arguments));
        assert!(read.is_ok(), "{arguments:?}: {:?}", read.err());
    }
}

#[test]
fn inputs_can_be_negative_and_repeated() {
    let run = run(&["m.json", "--input", "-5", "-i", "[1]", "--timeout", "0.25"]).unwrap();
    assert_eq!(run.input, ["-5", "[1]"]);
    assert_eq!(run.limits.timeout, Limit(Some(Duration::from_millis(250))));
}

/// In one form, so that they can be compared.
fn all(limits: &Limits) -> [Option<u128>; 7] {
    [
        limits.timeout.map(|limit| limit.as_millis()),
        limits.memory.map(|limit| limit as u128),
        limits.output.map(|limit| limit as u128),
        limits.log.map(|limit| limit as u128),
        limits.open_files.map(|limit| limit as u128),
        limits.items.map(u128::from),
        limits.files.map(u128::from),
    ]
}

const NAMES: [&str; 7] = [
    "--timeout",
    "--max-memory",
    "--max-output",
    "--max-log",
    "--max-open-files",
    "--max-items",
    "--max-files",
];

#[test]
fn defaults_are_those_of_the_library() {
    let limits = run(&["m.json"]).unwrap().limits.limits();
    assert_eq!(all(&limits), all(&Limits::default()));
}

#[test]
fn each_limit_can_be_lifted() {
    let mut arguments = vec!["m.json"];
    arguments.extend(NAMES.iter().flat_map(|name| [name, "none"]));
    let limits = run(&arguments).unwrap().limits.limits();
    assert_eq!(all(&limits), all(&Limits::none()));
}

#[test]
fn all_commands_have_all_limits_with_defaults() {
    let run_nothing = ["completions", "inspect", "man", "submit", "unpack"];
    let commands = Cli::command();
    let commands = commands.get_subcommands();
    for command in commands.filter(|command| !run_nothing.contains(&command.get_name())) {
        for name in NAMES {
            let found = command.get_arguments().find(|argument| {
                argument.get_long() == name.strip_prefix("--")
                    && !argument.get_default_values().is_empty()
            });
            assert!(found.is_some(), "{}: {name}", command.get_name());
        }
    }
}

#[test]
fn mistakes_are_refused() {
    for arguments in [
        &["m.json", "--timeout", "0"][..],
        &["m.json", "--timeout", "nan"],
        &["m.json", "--timeout", "1e300"],
        &["m.json", "--max-memory", "0"],
        &["m.json", "--stream", "--input-file", "x"],
        &["m.json", "--no-input"],
        &["m.json", "--jobs", "0"],
        &["m.json", "--jobs", "2", "--stream"],
        &["m.json", "--format", "xml"],
        &["m.json", "--output", "a.wav", "--output-dir", "b"],
        &["m.json", "--output-format", "wav"],
        &["m.json", "--chunk", "0"],
        &["m.json", "--chunk", "1", "--jobs", "2"],
        &[],
    ] {
        assert!(run(arguments).is_err(), "{arguments:?}");
    }
}
