//! The page for browsers: `web/`, built by npm and tested in the machine's own
//! browsers.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::debian::{self, Program};
use crate::stamp::{self, Inputs};
use crate::{dist, npm, shell};

/// What the tests drive: a test that quietly leaves a browser out would be no
/// test. WebKit has a command of its own, `npm run test:webkit`: its driver is not
/// steady enough to hold up everything else.
pub(crate) const PROGRAMS: [Program; 3] = [
    Program {
        name: "chromium",
        package: "chromium",
        purpose: "a browser that the page is tested in",
    },
    Program {
        name: "firefox-esr",
        package: "firefox-esr",
        purpose: "a browser that the page is tested in",
    },
    Program {
        name: "pulseaudio",
        package: "pulseaudio",
        purpose: "a device for sound, without which Firefox plays nothing",
    },
];

/// Builds everything, then the page, and gives its folder.
///
/// # Errors
/// Where npm is missing or fails.
pub(crate) fn run() -> Result<PathBuf> {
    build(&dist::build()?)
}

/// Builds the page, and gives its folder. `dist` is the build.
///
/// # Errors
/// Where npm is missing or fails.
pub(crate) fn build(dist: &Path) -> Result<PathBuf> {
    let page = crate::root().join("web");
    npm::build(dist)?;
    npm::install(&page)?;
    shell::step("build the page", || {
        shell::output(&mut npm::npm(&page, dist, "run --silent build")).map(drop)
    })?;
    Ok(page.join("dist"))
}

/// Builds the page and runs its end-to-end tests in each browser, unless they
/// passed before on the same files. `dist` is the build.
///
/// # Errors
/// Where npm or a browser is missing and can't be installed, or a test fails.
pub(crate) fn test(dist: &Path) -> Result<()> {
    let root = crate::root();
    let (bindings, page) = (root.join("js"), root.join("web"));
    debian::install(&PROGRAMS)?;
    npm::build(dist)?;
    npm::install(&page)?;
    let mut inputs = npm::built(Inputs::new("browsers", &[include_str!("page.rs")]), dist)?
        .file(&dist.join("pipeline"))?
        .tree(&root.join("tests/conformance"))?
        .tree(&root.join("examples"))?
        .file(&bindings.join("test/common.mjs"))?;
    for file in ["index.html", "vite.config.ts", "vite.shared.ts"] {
        inputs = inputs.file(&page.join(file))?;
    }
    inputs = npm::sources(inputs, &bindings, &["src", "scripts"])?;
    inputs = npm::sources(inputs, &page, &["public", "src", "sw"])?;
    inputs = inputs.tree(&page.join("test"))?;
    let result = crate::target().join("hosts/browser-firefox.json");
    stamp::unless_done("build and test the page", inputs, &result, || {
        shell::output(&mut npm::npm(&page, dist, "run --silent build"))?;
        shell::run(&mut npm::npm(&page, dist, "test --silent"))
    })
}

/// Lets Chromium be a WebRTC peer of the server's. `dist` is the build.
///
/// # Errors
/// Where npm or the browser is missing and can't be installed, or a test fails.
pub(crate) fn test_webrtc(dist: &Path) -> Result<()> {
    debian::install(&PROGRAMS[..1])?;
    npm::build(dist)?;
    let page = crate::root().join("web");
    npm::install(&page)?;
    shell::run(&mut npm::npm(&page, dist, "run --silent test:webrtc"))
}
