//! The site: `target/site`, made by mdBook of the pages that `docs/SUMMARY.md`
//! lists, those outside of `docs/` included.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::links::{is_elsewhere, listed, resolved};
use super::{SUMMARY, markdown, reference};
use crate::dist::copy_file;
use crate::{dist, shell, wheel};

/// Where the list of pages gets those that are made.
const MARK: &str = "<!-- reference -->";

/// Builds everything, then the site; gives its folder.
///
/// # Errors
/// Where a page or a tool can't be read or run.
pub(crate) fn build(dist: Option<&Path>) -> Result<PathBuf> {
    let dist = match dist {
        Some(dist) => dist.canonicalize()?,
        None => dist::build()?,
    };
    let tools = reference::tools()?;
    let source = crate::target().join("site-source");
    if source.exists() {
        fs::remove_dir_all(&source)?;
    }
    let pages = reference::pages(&dist)?;
    stage(&crate::root(), &source, &pages)?;
    let site = crate::target().join("site");
    shell::step("make the site", || {
        let mdbook = tools.with_file_name("mdbook");
        let mut command = shell::command(mdbook, &crate::root());
        let printed = shell::output(
            command
                .args(["build", "--dest-dir"])
                .arg(&site)
                .arg(&source),
        )?;
        print!("{}", String::from_utf8_lossy(&printed));
        Ok(())
    })?;
    reference::api(&tools, &wheel::core()?, &site)?;
    Ok(site)
}

/// Puts together what mdBook reads: pages at their paths in the tree, README files
/// as `index.md`, and the files that pages link to.
fn stage(root: &Path, source: &Path, made: &[reference::Page]) -> Result<()> {
    let write = |path: PathBuf, text: &str| -> Result<()> {
        fs::create_dir_all(path.parent().context("no directory")?)?;
        fs::write(&path, text).with_context(|| path.display().to_string())
    };
    let src = source.join("src");
    fs::create_dir_all(&src)?;
    copy_file(&root.join("docs/book.toml"), &source.join("book.toml"))?;
    let pages = listed(root)?;
    let mut files = BTreeSet::new();
    for page in pages
        .iter()
        .map(PathBuf::as_path)
        .chain([Path::new(SUMMARY)])
    {
        let text =
            fs::read_to_string(root.join(page)).with_context(|| page.display().to_string())?;
        // The list stands above all pages, its links included.
        let is_list = page == Path::new(SUMMARY);
        let place = if is_list {
            Path::new("SUMMARY.md")
        } else {
            page
        };
        let mut text = with_links(&text, page, place, &pages, root, &mut files);
        if is_list {
            ensure!(text.contains(MARK), "{SUMMARY} has no line `{MARK}`");
            let lines = made
                .iter()
                .map(|page| format!("- [{}](docs/reference/{})\n", page.title, page.file));
            text = text.replace(&format!("{MARK}\n"), &lines.collect::<String>());
        }
        write(src.join(staged(place)), &text)?;
    }
    for page in made {
        write(src.join("docs/reference").join(page.file), &page.text)?;
    }
    for file in files {
        let to = src.join(&file);
        fs::create_dir_all(to.parent().context("no directory")?)?;
        copy_file(&root.join(&file), &to)?;
    }
    Ok(())
}

/// A page's text with its links as the site needs them; notes the files that they
/// lead to.
fn with_links(
    text: &str,
    page: &Path,
    place: &Path,
    pages: &[PathBuf],
    root: &Path,
    files: &mut BTreeSet<PathBuf>,
) -> String {
    let mut links = markdown::read(text).links;
    links.sort_by_key(|link| link.range.start);
    let mut out = text.to_owned();
    // The last first: places before it stay as they are, but for the end of a link
    // around a picture, which moves with it.
    let mut moved: Vec<(usize, isize)> = Vec::new();
    for link in links.iter().rev() {
        if is_elsewhere(&link.target) || link.target.starts_with('#') {
            continue;
        }
        let (file, anchor) = match link.target.split_once('#') {
            Some((file, anchor)) => (file, format!("#{anchor}")),
            None => (&*link.target, String::new()),
        };
        let mut target = resolved(page, file);
        if root.join(&target).is_dir() {
            target.push("README.md");
        }
        let is_page = pages.contains(&target);
        let inside = moved.iter().filter(|(place, _)| *place < link.range.end);
        let by = inside.map(|(_, by)| by).sum();
        let range = link.range.start..link.range.end.saturating_add_signed(by);
        let Some(at) = out[range.clone()].rfind(&format!("]({}", link.target)) else {
            continue;
        };
        if !is_page && !root.join(&target).is_file() {
            // A directory of sources: the site has none.
            let label = out[range.start + 1..range.start + at].to_owned();
            moved.push((range.start, label.len() as isize - range.len() as isize));
            out.replace_range(range, &label);
            continue;
        }
        if !is_page {
            files.insert(target.clone());
        }
        let up = "../".repeat(place.components().count() - 1);
        let to = if is_page { staged(&target) } else { target };
        let start = range.start + at + 2;
        let new = format!("{up}{}{anchor}", to.display());
        moved.push((start, new.len() as isize - link.target.len() as isize));
        out.replace_range(start..start + link.target.len(), &new);
    }
    out
}

/// Where a page stands in the site's source.
fn staged(page: &Path) -> PathBuf {
    match page.file_name().is_some_and(|name| name == "README.md") {
        true => page.with_file_name("index.md"),
        false => page.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_the_same_in_the_site() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["docs", "wit", "js"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        for file in [
            "README.md",
            "docs/a.md",
            "js/README.md",
            "docs/b.svg",
            "wit/w.wit",
        ] {
            fs::write(root.path().join(file), "").unwrap();
        }
        let pages = ["README.md", "docs/a.md", "js/README.md"].map(PathBuf::from);
        let text = "[r](../README.md#x) [j](../js/) [w](../wit/w.wit) [d](../wit/) \
                    [![b](b.svg)](a.md) [s](#s)";
        let page = Path::new("docs/a.md");
        let mut files = BTreeSet::new();
        let staged = with_links(text, page, page, &pages, root.path(), &mut files);
        assert_eq!(
            staged,
            "[r](../index.md#x) [j](../js/index.md) [w](../wit/w.wit) d \
             [![b](../docs/b.svg)](../docs/a.md) [s](#s)"
        );
        let files: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
        assert_eq!(files, ["docs/b.svg", "wit/w.wit"]);
        let list = Path::new("SUMMARY.md");
        let from = Path::new("docs/SUMMARY.md");
        let listed = with_links(
            "[a](a.md)",
            from,
            list,
            &pages,
            root.path(),
            &mut BTreeSet::new(),
        );
        assert_eq!(listed, "[a](docs/a.md)");
    }
}
