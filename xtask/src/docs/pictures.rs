//! Pictures of what the program prints and draws, made by the program itself.

use std::fs;
use std::path::Path;
use std::process::Command;

use anstyle_svg::{Term, WIN10_CONSOLE};
use anyhow::{Context as _, Result, bail};

use crate::debian::{self, Program};
use crate::{dist, npm, page, shell};

/// Where they are.
const FOLDER: &str = "docs/pictures";

/// Gives a command a terminal, so that it prints in colours.
const SCRIPT: Program = Program {
    name: "script",
    package: "bsdutils",
    purpose: "what gives the program a terminal",
};

/// A picture of a command's output that is the same each time.
struct Drawn {
    file: &'static str,
    arguments: &'static [&'static str],
    /// What is printed is a picture already.
    is_svg: bool,
}

const DRAWN: [Drawn; 3] = [
    Drawn {
        file: "diagnostics.svg",
        arguments: &["check", "broken.yaml"],
        is_svg: false,
    },
    Drawn {
        file: "traceback.svg",
        arguments: &["run", "shout.json", "--nodes", "nodes", "--input", "[1]"],
        is_svg: false,
    },
    Drawn {
        file: "graph.svg",
        arguments: &["graph", "graph.yaml", "--format", "svg"],
        is_svg: true,
    },
];

/// Makes all pictures anew.
///
/// # Errors
/// Where the build or one of them fails.
pub(crate) fn draw(dist: Option<&Path>) -> Result<()> {
    let dist = match dist {
        Some(dist) => dist.canonicalize()?,
        None => dist::build()?,
    };
    let folder = crate::root().join(FOLDER);
    for drawn in &DRAWN {
        fs::write(folder.join(drawn.file), drawn.picture(&dist)?)?;
    }
    // Those of pages are made by a browser, and never the same to the byte.
    debian::install(&page::PROGRAMS)?;
    page::build(&dist)?;
    let web = crate::root().join("web");
    shell::run(
        npm::npm(&web, &dist, "exec --silent -- node test/pictures.mjs")
            .arg(&folder)
            .env("PIPELINE_DIST", &dist),
    )
}

/// Compares the pictures that are the same each time.
///
/// # Errors
/// Names the first that is old.
pub(crate) fn check(dist: &Path) -> Result<()> {
    let folder = crate::root().join(FOLDER);
    for drawn in &DRAWN {
        let found = fs::read_to_string(folder.join(drawn.file)).context(drawn.file)?;
        if found != drawn.picture(dist)? {
            bail!("{FOLDER}/{} is old: `cargo xtask pictures`", drawn.file);
        }
    }
    shell::say(format_args!("  {} pictures", DRAWN.len()));
    Ok(())
}

impl Drawn {
    fn picture(&self, dist: &Path) -> Result<String> {
        let folder = crate::root().join(FOLDER);
        let program = dist.join("pipeline");
        if self.is_svg {
            let mut command = shell::command(program, &folder);
            return Ok(String::from_utf8(shell::output(
                command.args(self.arguments),
            )?)?);
        }
        debian::install(&[SCRIPT])?;
        // None of these needs quoting.
        let line = format!("'{}' {}", program.display(), self.arguments.join(" "));
        // What it ends with is its own business: it prints messages.
        let printed = Command::new("script")
            .args(["--quiet", "--command", &line, "/dev/null"])
            .current_dir(&folder)
            .env("COLUMNS", "88")
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .output()
            .context("can't start `script`")?;
        let printed = String::from_utf8(printed.stdout)?.replace('\r', "");
        let shown = format!("$ pipeline {}\n{printed}", self.arguments.join(" "));
        Ok(Term::new().palette(WIN10_CONSOLE).render_svg(&shown))
    }
}
