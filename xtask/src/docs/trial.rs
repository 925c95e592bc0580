//! Tries a page: does what it says, as a reader would, in an empty directory.
//!
//! A page that is tried has a comment `<!-- tested: ... -->`, which names what is
//! there besides the program: links into the tree (`examples`, `target`), `wheel`
//! and `npm`, what pip and npm install, `node`, a Node that is new enough, `nats`, its server, and
//! `wasmtime`, with the component compiled for it. From then on counts
//!
//! | block | what is done |
//! | --- | --- |
//! | `console` | each `$ ` command is run by bash; what it prints must be what stands below it |
//! | `console fails` | the same; the last command must fail |
//! | `console server` | each command is started, must print what stands below it, and goes on to the page's end |
//! | `console checkout` | the same as `console`, in the root of the checkout |
//! | any other, with `file=PATH` | is written to that file |
//! | any other, with `same-as=PATH` | must stand in that file of the checkout |
//! | `text` | nothing |
//!
//! Where nothing stands below a command, `BLESS=1` writes what it printed there.
//! `...` in what is printed stands for anything in a line, and alone in a line for
//! any lines. A comment `<!-- not run: why -->` excepts the next block; one
//! `<!-- run: command -->` has what readers don't need to see.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use super::bash::{Bash, is_whole};
use super::markdown::{self, Code, Markdown, Part};
use super::wildcard;

/// The comment that begins a page that is tried.
const TESTED: &str = "tested";
const NOT_RUN: &str = "not run:";
const RUN: &str = "run:";

/// Whether the commands of a page are run.
pub(super) fn is_tried(page: &Markdown) -> bool {
    grants(page).is_some()
}

/// What is there when the page is tried, where it is.
fn grants(page: &Markdown) -> Option<BTreeSet<String>> {
    page.parts.iter().find_map(|part| {
        let Part::Comment(comment) = part else {
            return None;
        };
        let rest = comment.strip_prefix(TESTED)?.trim_start_matches(':');
        let words = rest.split(',').map(|word| word.trim().to_owned());
        Some(words.filter(|word| !word.is_empty()).collect())
    })
}

/// What pages are tried with.
pub(super) struct Tools {
    /// The build.
    pub(super) dist: PathBuf,
    /// The core of the Python package, for programs that use the checkout's.
    pub(super) core: PathBuf,
    /// The Python with the tools of the tests.
    pub(super) python: PathBuf,
    /// The files that pip and npm install; made where a page asks for them.
    pub(super) wheel: Box<dyn Fn() -> Result<PathBuf>>,
    pub(super) npm: Box<dyn Fn() -> Result<PathBuf>>,
    pub(super) node: Box<dyn Fn() -> Result<()>>,
    /// The command line of wasmtime, and the component compiled by it.
    pub(super) wasmtime: Box<dyn Fn() -> Result<(PathBuf, PathBuf)>>,
}

/// What a page came to.
#[derive(Debug, Default)]
pub(super) struct Tried {
    pub(super) commands: usize,
    pub(super) files: usize,
    pub(super) left_out: usize,
}

/// One thing to do.
#[derive(Debug)]
enum Step<'a> {
    Run {
        command: Command,
        way: Way,
    },
    Write {
        path: &'a str,
        text: &'a str,
    },
    /// The text must stand in a file of the checkout.
    Same {
        path: &'a str,
        text: &'a str,
    },
}

/// How a command is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Succeeds,
    Fails,
    Server,
    Checkout,
}

/// A command, and what it prints.
#[derive(Debug, Default, PartialEq, Eq)]
struct Command {
    line: usize,
    text: String,
    printed: Vec<String>,
}

/// Does what a page says; `None` where the page is none that is tried.
///
/// # Errors
/// Names the page, the line and the command where something else comes out than
/// the page says.
pub(super) fn page(root: &Path, path: &Path, tools: &Tools) -> Result<Option<Tried>> {
    let text = fs::read_to_string(root.join(path)).with_context(|| path.display().to_string())?;
    let page = markdown::read(&text);
    let Some(grants) = grants(&page) else {
        return Ok(None);
    };
    let name = path.display();
    let (steps, left_out) = steps(&page).with_context(|| format!("{name}"))?;
    // By a name that npm takes as that of a package.
    let scratch = tempfile::tempdir()?;
    let place = scratch.path().join("page");
    fs::create_dir(&place)?;
    grant(root, &place, &grants, tools)?;
    let mut shell = Bash::start(root, &place, tools)?;
    let mut tried = Tried {
        left_out,
        ..Tried::default()
    };
    let mut blessed: Vec<(usize, String)> = Vec::new();
    for step in &steps {
        match step {
            Step::Write { path, text } => {
                let path = place.join(path);
                fs::create_dir_all(path.parent().context("no directory")?)?;
                fs::write(path, shell.with_ports(text))?;
                tried.files += 1;
            }
            Step::Same { path, text } => {
                let whole =
                    fs::read_to_string(root.join(path)).with_context(|| path.to_string())?;
                ensure!(
                    whole.contains(text),
                    "{name}: {path} has no such text:\n{text}"
                );
                tried.files += 1;
            }
            Step::Run { command, way } => {
                let bless = command.printed.is_empty() && std::env::var_os("BLESS").is_some();
                let printed = run(&mut shell, command, *way, bless);
                let printed = printed
                    .with_context(|| format!("{name}:{}: $ {}", command.line, command.text))?;
                if bless {
                    let below = command.line + command.text.lines().count() - 1;
                    blessed.extend(printed.into_iter().map(|line| (below, line)));
                }
                tried.commands += 1;
            }
        }
    }
    if !blessed.is_empty() {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        // The last first: what is above stays where it is.
        for (below, line) in blessed.into_iter().rev() {
            lines.insert(below, line);
        }
        fs::write(root.join(path), lines.join("\n") + "\n")?;
    }
    Ok(Some(tried))
}

/// Puts what a page may use into its directory.
fn grant(root: &Path, place: &Path, grants: &BTreeSet<String>, tools: &Tools) -> Result<()> {
    use std::os::unix::fs::symlink;
    for grant in grants {
        let from = match &**grant {
            "wheel" => (tools.wheel)()?,
            "npm" => (tools.npm)()?,
            "nats" => {
                crate::debian::install(&[crate::faults::SERVER])?;
                continue;
            }
            "node" => {
                (tools.node)()?;
                continue;
            }
            "wasmtime" => {
                let (_, compiled) = (tools.wasmtime)()?;
                compiled
            }
            "target" => {
                fs::create_dir(place.join("target"))?;
                symlink(&tools.dist, place.join("target/dist"))?;
                continue;
            }
            other => root.join(other),
        };
        ensure!(from.exists(), "`tested: {grant}`: there is no such thing");
        symlink(&from, place.join(from.file_name().context("no name")?))?;
    }
    Ok(())
}

/// Runs a command, and gives the lines that it printed; they must be those of the
/// page, unless they become those of the page.
fn run(shell: &mut Bash, command: &Command, way: Way, bless: bool) -> Result<Vec<String>> {
    let expected: Vec<_> = command
        .printed
        .iter()
        .map(|line| shell.with_ports(line))
        .collect();
    let text = shell.with_ports(&command.text);
    if way == Way::Server {
        shell.serve(&text, &expected)?;
        return Ok(Vec::new());
    }
    let (code, printed) = match way {
        Way::Checkout => shell.run_in(&crate::root(), &text)?,
        _ => shell.run(&text)?,
    };
    let shown = printed.join("\n");
    match way {
        Way::Fails => ensure!(code != 0, "it should fail, and printed\n{shown}"),
        _ => ensure!(
            code == 0,
            "it failed with code {code}, and printed\n{shown}"
        ),
    }
    if !bless && !wildcard::matches(&expected, &printed) {
        bail!("it printed\n{shown}\nand not\n{}", expected.join("\n"));
    }
    Ok(printed)
}

/// What a page says to do, and how many of its blocks are left out.
fn steps(page: &Markdown) -> Result<(Vec<Step<'_>>, usize)> {
    let mut steps = Vec::new();
    let mut left_out = 0;
    let mut excepted = false;
    let parts = page.parts.iter();
    let is_mark = |part: &&Part| matches!(part, Part::Comment(text) if text.starts_with(TESTED));
    for part in parts.skip_while(|part| !is_mark(part)) {
        match part {
            Part::Comment(comment) => {
                if comment.starts_with(NOT_RUN) {
                    excepted = true;
                } else if let Some(text) = comment.strip_prefix(RUN) {
                    let command = Command {
                        text: text.trim().to_owned(),
                        ..Command::default()
                    };
                    let way = Way::Succeeds;
                    steps.push(Step::Run { command, way });
                }
            }
            Part::Code(_) if excepted => {
                excepted = false;
                left_out += 1;
            }
            Part::Code(code) => block(code, &mut steps)?,
        }
    }
    Ok((steps, left_out))
}

fn block<'a>(code: &'a Code, steps: &mut Vec<Step<'a>>) -> Result<()> {
    let Code { line, text, .. } = code;
    if code.language == "console" {
        let commands = commands(code);
        ensure!(
            !commands.is_empty(),
            "line {line}: no line begins with `$ `"
        );
        let last = commands.len() - 1;
        for (index, command) in commands.into_iter().enumerate() {
            let way = match () {
                () if code.has("server") => Way::Server,
                () if code.has("checkout") => Way::Checkout,
                () if code.has("fails") && index == last => Way::Fails,
                () => Way::Succeeds,
            };
            steps.push(Step::Run { command, way });
        }
    } else if let Some(path) = code.value("file") {
        steps.push(Step::Write { path, text });
    } else if let Some(path) = code.value("same-as") {
        steps.push(Step::Same { path, text });
    } else if code.language != "text" {
        bail!("line {line}: a block that nothing tries; see `cargo xtask commands --help`");
    }
    Ok(())
}

/// The commands of a block, with what stands below each.
fn commands(code: &Code) -> Vec<Command> {
    let mut found: Vec<Command> = Vec::new();
    for (index, line) in code.text.lines().enumerate() {
        let last = found.last_mut();
        match (line.strip_prefix("$ "), last) {
            (_, Some(last)) if last.printed.is_empty() && !is_whole(&last.text) => {
                last.text.push('\n');
                last.text.push_str(line);
            }
            (Some(text), _) => found.push(Command {
                line: code.line + 1 + index,
                text: text.to_owned(),
                printed: Vec::new(),
            }),
            (None, Some(last)) => last.printed.push(line.to_owned()),
            (None, None) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
# A page

```console
$ before the mark
```

<!-- tested: wheel, examples -->

```console
$ echo 'one
two' \\
  three
one
$ ls
```

<!-- not run: it needs a cluster -->
```console
$ kubectl get pods
```

```python file=a.py
x = 1
```

<!-- run: touch b -->
```console fails
$ true
$ false
```
";

    #[test]
    fn a_page_says_what_to_do() {
        let page = markdown::read(PAGE);
        let grants: Vec<_> = grants(&page).unwrap().into_iter().collect();
        assert_eq!(grants, ["examples", "wheel"]);
        let (steps, left_out) = steps(&page).unwrap();
        assert_eq!(left_out, 1);
        let said: Vec<_> = steps
            .iter()
            .map(|step| match step {
                Step::Run { command, way } => {
                    format!("{way:?} {:?} {:?}", command.text, command.printed)
                }
                Step::Write { path, .. } => format!("write {path}"),
                Step::Same { path, .. } => format!("same {path}"),
            })
            .collect();
        assert_eq!(
            said,
            [
                r#"Succeeds "echo 'one\ntwo' \\\n  three" ["one"]"#,
                r#"Succeeds "ls" []"#,
                "write a.py",
                r#"Succeeds "touch b" []"#,
                r#"Succeeds "true" []"#,
                r#"Fails "false" []"#,
            ]
        );
        let lost = markdown::read("<!-- tested -->\n\n```rust\nfn main() {}\n```\n");
        assert!(super::steps(&lost).is_err());
    }
}
