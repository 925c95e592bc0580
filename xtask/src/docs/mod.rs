//! The documentation: whether its links lead somewhere, whether its commands do
//! what it says, its pictures, and the site that is made of it.

mod bash;
mod book;
mod links;
mod markdown;
mod pictures;
mod reference;
mod trial;
mod wildcard;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, ensure};

pub(crate) use book::build;
pub(crate) use links::check;
pub(crate) use pictures::{check as check_pictures, draw};

use crate::{dist, npm, shell, stock, test, wheel};

/// The list of pages, in the order in which the site has them.
const SUMMARY: &str = "docs/SUMMARY.md";

/// Whether a page teaches: what it says to do has to be tried by a test.
fn is_teaching(path: &Path) -> bool {
    let pages = ["README.md", "docs/tutorial.md", "docs/troubleshooting.md"];
    pages.iter().any(|page| path == Path::new(page)) || path.starts_with("docs/how-to")
}

/// Builds everything, then tries the pages whose path contains one of these.
///
/// # Errors
/// Where the build fails. What fails in a page is counted instead.
pub(crate) fn run(only: &[String], dist: Option<&Path>) -> Result<ExitCode> {
    let dist = match dist {
        Some(dist) => dist.canonicalize()?,
        None => dist::build()?,
    };
    try_pages(&dist, &test::python_tools()?, &wheel::core()?, only).map(|()| ExitCode::SUCCESS)
}

/// Tries all pages; `dist` is the build.
///
/// # Errors
/// Names each page that says something else than what happens.
pub(crate) fn try_all(dist: &Path, python: &Path, core: &Path) -> Result<()> {
    try_pages(dist, python, core, &[])
}

fn try_pages(dist: &Path, python: &Path, core: &Path, only: &[String]) -> Result<()> {
    let root = crate::root();
    let tools = trial::Tools {
        dist: dist.to_owned(),
        core: core.to_owned(),
        python: python.to_owned(),
        wheel: {
            let (dist, python) = (dist.to_owned(), python.to_owned());
            Box::new(move || wheel::build(&dist, &python))
        },
        npm: {
            let dist = dist.to_owned();
            Box::new(move || npm::pack(&dist))
        },
        wasmtime: {
            let dist = dist.to_owned();
            Box::new(move || stock::build(&dist))
        },
        // The packages of `js/` bring their own.
        node: Box::new(|| npm::install(&crate::root().join("js"))),
    };
    let is_asked = |path: &PathBuf| {
        let name = path.to_string_lossy();
        only.is_empty() || only.iter().any(|part| name.contains(part))
    };
    let mut failed = 0;
    for path in links::listed(&root)?.iter().filter(|path| is_asked(path)) {
        let start = Instant::now();
        let name = path.display();
        match trial::page(&root, path, &tools) {
            Ok(None) => {}
            Ok(Some(tried)) => shell::say(format_args!(
                "  {name}: {} commands, {} files, {} left out ({:.1} s)",
                tried.commands,
                tried.files,
                tried.left_out,
                start.elapsed().as_secs_f64()
            )),
            Err(error) => {
                failed += 1;
                shell::say(format_args!("error: {error:#}"));
            }
        }
    }
    ensure!(
        failed == 0,
        "{failed} pages say something else than what happens"
    );
    Ok(())
}
