//! The commands in `docs/hosts.md`, run as they stand there.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use crate::cli::told;

/// A command and what it prints; `...` at the end of a line stands for more.
struct Documented {
    command: String,
    printed: Vec<String>,
}

/// The commands below a headline.
fn documented(text: &str, headline: &str) -> Vec<Documented> {
    let section = text.split(headline).nth(1).expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut found: Vec<Documented> = Vec::new();
    for block in section.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        for one in format!("\n{block}").split("\n$ ").skip(1) {
            // The command's further lines are indented.
            let mut lines = one.lines();
            let mut command = lines.next().unwrap_or_default().to_owned();
            let mut printed = Vec::new();
            for line in lines {
                match line.starts_with(' ') {
                    true => command.push_str(&format!("\n{line}")),
                    false => printed.push(line.to_owned()),
                }
            }
            found.push(Documented { command, printed });
        }
    }
    found
}

fn same(wanted: &[String], found: &str) -> bool {
    let found: Vec<_> = found.lines().collect();
    wanted.len() == found.len()
        && wanted
            .iter()
            .zip(found)
            .all(|(wanted, found)| match wanted.strip_suffix("...") {
                Some(start) => found.starts_with(start),
                None => wanted == found,
            })
}

#[test]
#[ignore = "needs stock wasmtime: `cargo xtask test stock`"]
fn commands_print_what_the_documentation_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join("docs/hosts.md")).expect("the documentation");
    let commands = documented(&text, "## From the command line: stock wasmtime\n");
    assert!(commands.len() >= 5, "only {} commands", commands.len());

    let place = tempfile::tempdir().expect("a directory");
    let link = |from: &Path, to: &str| {
        let to = place.path().join(to);
        fs::create_dir_all(to.parent().expect("a parent")).expect("a directory");
        std::os::unix::fs::symlink(from, to).expect("a link");
    };
    link(&told("PIPELINE_DIST"), "target/dist");
    link(&root.join("examples"), "examples");
    link(&told("PIPELINE_STOCK_COMPONENT"), "pipeline.cwasm");
    let tools = told("PIPELINE_WASMTIME");
    let tools = tools.parent().expect("a directory").to_owned();
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([tools].into_iter().chain(env::split_paths(&path)));

    for Documented { command, printed } in commands {
        if command.starts_with("wasmtime compile ") {
            // `cargo xtask test` has done this; it takes long.
            continue;
        }
        let output = Command::new("sh")
            .args(["-c", &command])
            .current_dir(place.path())
            .env("PATH", path.as_ref().expect("paths"))
            .output()
            .expect("a shell");
        let found = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && same(&printed, &found),
            "$ {command}\nprinted\n{found}{}\nand not\n{}",
            String::from_utf8_lossy(&output.stderr),
            printed.join("\n")
        );
    }
}
