//! The shell in which a page's commands are run: one for each page, so that what
//! a command sets up is there for the next.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::trial::Tools;
use super::wildcard;

/// How long a command may take: only what hangs takes longer.
const PATIENCE: Duration = Duration::from_secs(900);

/// The ports in pages, of `pipeline serve`, of NATS and of gRPC. While a page is tried it has
/// free ones in their place.
const PORTS: [&str; 3] = ["8080", "4222", "50051"];

/// What ends the output of each command.
const END: &str = "\u{1e}end of a command ";

/// A bash, in the directory of a page.
pub(super) struct Bash {
    bash: Child,
    commands: ChildStdin,
    printed: Receiver<String>,
    /// Holds commands, and what servers print, outside of the page's directory.
    scratch: tempfile::TempDir,
    servers: usize,
    ports: [u16; PORTS.len()],
}

impl Bash {
    /// Starts one in a directory, with the program on its path.
    ///
    /// # Errors
    /// Where there is no bash.
    pub(super) fn start(root: &Path, place: &Path, tools: &Tools) -> Result<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let programs = [
            tools.dist.clone(),
            root.join("js/node_modules/.bin"),
            crate::target().join("tools/bin"),
        ];
        let programs = programs.into_iter();
        let path = std::env::join_paths(programs.chain(std::env::split_paths(&path)))?;
        let mut bash = Command::new("bash")
            .args(["--noprofile", "--norc"])
            .current_dir(place)
            .env("PATH", path)
            .env("COLUMNS", "100")
            .env("NO_COLOR", "1")
            .env("LC_ALL", "C.UTF-8")
            .env("ROOT", root)
            .env("PIPELINE_CORE", &tools.core)
            .env("TOOLS_PYTHON", &tools.python)
            // What is compiled is no business of the user's own cache.
            .env("XDG_CACHE_HOME", crate::target().join("commands-cache"))
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
            .env("npm_config_update_notifier", "false")
            // All that a page starts is one group, which ends with the page.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .context("can't start bash")?;
        let mut commands = bash.stdin.take().context("no pipe")?;
        let output = BufReader::new(bash.stdout.take().context("no pipe")?);
        let (lines, printed) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.split(b'\n') {
                let Ok(line) = line else { break };
                let line = String::from_utf8_lossy(&line).into_owned();
                if lines.send(line).is_err() {
                    break;
                }
            }
        });
        let ports = free_ports()?;
        // `pipeline serve` listens where nothing else does.
        writeln!(
            commands,
            "exec 2>&1\n\
             pipeline() {{\n\
               case \"$1 $*\" in\n\
                 *' --addr '*) command pipeline \"$@\" ;;\n\
                 'serve '*) shift; command pipeline serve --addr 127.0.0.1:{} \"$@\" ;;\n\
                 *) command pipeline \"$@\" ;;\n\
               esac\n\
             }}",
            ports[0]
        )?;
        Ok(Self {
            bash,
            commands,
            printed,
            scratch: tempfile::tempdir()?,
            servers: 0,
            ports,
        })
    }

    /// A text of the page with the ports that are free.
    pub(super) fn with_ports(&self, text: &str) -> String {
        let ports = PORTS.iter().zip(&self.ports);
        ports.fold(text.to_owned(), |text, (port, free)| {
            text.replace(port, &free.to_string())
        })
    }

    /// Runs a command; its exit code, and the lines that it printed.
    ///
    /// # Errors
    /// Where it hangs, or ends the shell.
    pub(super) fn run(&mut self, command: &str) -> Result<(i32, Vec<String>)> {
        let file = self.scratch("command", command)?;
        self.send(&format!(". {file} </dev/null"))
    }

    /// Runs a command in another directory.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub(super) fn run_in(&mut self, place: &Path, command: &str) -> Result<(i32, Vec<String>)> {
        let file = self.scratch("command", command)?;
        self.send(&format!(
            "( cd '{}' && . {file} ) </dev/null",
            place.display()
        ))
    }

    /// Starts a command that goes on, and waits until it has printed some lines.
    ///
    /// # Errors
    /// Where it ends before, or never prints them.
    pub(super) fn serve(&mut self, command: &str, expected: &[String]) -> Result<()> {
        self.servers += 1;
        let file = self.scratch(&format!("server-{}", self.servers), command)?;
        let log = format!("{file}.log");
        let ended = format!("{file}.ended");
        self.send(&format!(
            "( . {file} >{log} 2>&1 </dev/null; echo >{ended} ) &"
        ))?;
        let start = Instant::now();
        loop {
            // Before what it printed: what it printed last counts.
            let has_ended = Path::new(&ended).exists();
            let printed = fs::read_to_string(&log).unwrap_or_default();
            let printed: Vec<_> = printed.lines().map(str::to_owned).collect();
            if wildcard::are_in(expected, &printed) {
                return Ok(());
            }
            if has_ended || start.elapsed() > PATIENCE {
                bail!(
                    "it printed\n{}\nand not\n{}",
                    printed.join("\n"),
                    expected.join("\n")
                );
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Writes a command to a file, and gives the file's path.
    fn scratch(&self, name: &str, command: &str) -> Result<String> {
        let path: PathBuf = self.scratch.path().join(name);
        fs::write(&path, format!("{command}\n"))?;
        Ok(path.display().to_string())
    }

    fn send(&mut self, line: &str) -> Result<(i32, Vec<String>)> {
        // What it says on its standard error comes last, whichever was faster.
        let stderr = self.scratch.path().join("stderr");
        let stderr = stderr.display();
        writeln!(
            self.commands,
            "{{ {line}\n}} 2>{stderr}; code=$?; cat {stderr}; printf '\\n{END}%d\\n' $code"
        )?;
        let mut printed: Vec<String> = Vec::new();
        loop {
            let Ok(line) = self.printed.recv_timeout(PATIENCE) else {
                bail!(
                    "it hangs, or ended the shell, and printed\n{}",
                    printed.join("\n")
                );
            };
            if let Some(code) = line.strip_prefix(END) {
                // The line break before the mark.
                if printed.last().is_some_and(String::is_empty) {
                    printed.pop();
                }
                return Ok((code.parse().context("an exit code")?, printed));
            }
            printed.push(line);
        }
    }
}

impl Drop for Bash {
    fn drop(&mut self) {
        // The group: what the page started and didn't end.
        let group = format!("-{}", self.bash.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
        let _ = self.bash.kill();
        let _ = self.bash.wait();
    }
}

/// As many ports that are free as pages name.
fn free_ports() -> Result<[u16; PORTS.len()]> {
    let mut ports = [0; PORTS.len()];
    // Held until all are known, so that they differ.
    let mut held = Vec::new();
    for port in &mut ports {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

/// Whether a command is whole, and does not go on in the next line.
pub(super) fn is_whole(command: &str) -> bool {
    if command.ends_with('\\') {
        return false;
    }
    let checked = Command::new("bash")
        .args(["-n", "-c", command])
        .env("LC_ALL", "C")
        .output();
    checked.is_ok_and(|checked| {
        let said = String::from_utf8_lossy(&checked.stderr).into_owned();
        !said.contains("unexpected EOF")
            && !said.contains("unexpected end of file")
            && !said.contains("here-document")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_end_where_bash_says_so() {
        for whole in [
            "ls",
            "echo 'a\nb'",
            "cat <<'END'\nx\nEND",
            "true && (false)",
        ] {
            assert!(is_whole(whole), "{whole}");
        }
        for begun in ["echo 'a", "cat <<'END'\nx", "ls \\", "for x in 1 2; do"] {
            assert!(!is_whole(begun), "{begun}");
        }
    }
}
