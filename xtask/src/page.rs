//! The page for browsers: `web/`, built by npm and tested in the machine's own
//! browsers.

use std::path::Path;

use anyhow::{Result, bail};

use crate::stamp::{self, Inputs};
use crate::{npm, shell};

/// What the tests drive, and the Debian packages that bring it. WebKit has a
/// command of its own, `npm run test:webkit`: its driver is not steady enough to
/// hold up everything else.
const PROGRAMS: [(&str, &str); 2] = [("chromium", "chromium"), ("firefox-esr", "firefox-esr")];

/// Builds the page and runs its end-to-end tests in each browser, unless they
/// passed before on the same files. `dist` is the build.
///
/// # Errors
/// Where npm or a browser is missing and can't be installed, or a test fails.
pub(crate) fn test(dist: &Path) -> Result<()> {
    let root = crate::root();
    let (bindings, page) = (root.join("js"), root.join("web"));
    browsers()?;
    npm::install(&bindings)?;
    npm::install(&page)?;
    let mut inputs = Inputs::new("browsers", 1)
        .file(&dist.join("pipeline"))?
        .file(&dist.join("pipeline.wasm"))?
        .tree(&dist.join("stdlib"))?
        .tree(&dist.join("python"))?
        .tree(&root.join("tests/conformance"))?
        .tree(&root.join("examples"))?
        .file(&bindings.join("test/common.mjs"))?;
    for file in ["index.html", "vite.config.ts", "vite.shared.ts"] {
        inputs = inputs.file(&page.join(file))?;
    }
    inputs = npm::sources(inputs, &bindings, &["src", "scripts"])?;
    inputs = npm::sources(inputs, &page, &["public", "scripts", "src", "sw"])?;
    inputs = inputs.tree(&page.join("test"))?;
    let result = crate::target().join("hosts/browser-firefox.json");
    stamp::unless_done("build and test the page", inputs, &result, || {
        shell::output(&mut npm::npm(&bindings, dist, "run --silent build"))?;
        shell::output(&mut npm::npm(&page, dist, "run --silent build"))?;
        shell::run(&mut npm::npm(&page, dist, "test --silent"))
    })
}

/// Installs the browsers that are missing, where that can be done. A test that
/// quietly leaves a browser out would be no test.
fn browsers() -> Result<()> {
    let missing: Vec<_> = PROGRAMS
        .iter()
        .filter(|(program, _)| !is_there(program))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    let here = crate::root();
    let user = shell::output(shell::command("id", &here).arg("-u")).unwrap_or_default();
    if user.trim_ascii() != b"0" || !is_there("apt-get") {
        bail!("browsers are missing; on Debian, `apt-get install {names}` as root installs them");
    }
    shell::step(&format!("install {names}"), || {
        let apt = |arguments: &[&str]| {
            let mut command = shell::command("apt-get", &here);
            command
                .args(["--quiet", "--yes"])
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive");
            shell::output(&mut command).map(drop)
        };
        apt(&["update"])?;
        apt(&[&["install", "--no-install-recommends"], &missing[..]].concat())
    })
}

/// Whether a program is on the path.
fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
