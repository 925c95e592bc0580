//! Whether the pages hang together: links, anchors, pictures, the list of pages.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::markdown::{self, Markdown};
use super::{SUMMARY, is_teaching, trial};

/// The largest picture.
const LARGEST: u64 = 200 * 1024;

/// The pages that `docs/SUMMARY.md` lists, as paths from the root, in its order.
///
/// # Errors
/// Where the list can't be read.
pub(super) fn listed(root: &Path) -> Result<Vec<PathBuf>> {
    let text = fs::read_to_string(root.join(SUMMARY)).with_context(|| SUMMARY.to_owned())?;
    let links = markdown::read(&text).links.into_iter();
    Ok(links
        .map(|link| resolved(Path::new(SUMMARY), &link.target))
        .collect())
}

/// Looks at every page that is listed.
///
/// # Errors
/// Names each link that leads nowhere, each picture that is missing, too large
/// or without a text, and each page of `docs/` that is not listed.
pub(crate) fn check() -> Result<()> {
    let root = crate::root();
    let listed = listed(&root)?;
    let mut wrong = Vec::new();
    let mut pages = BTreeMap::new();
    for path in &listed {
        match fs::read_to_string(root.join(path)) {
            Ok(text) => {
                pages.insert(path.clone(), markdown::read(&text));
            }
            Err(error) => wrong.push(format!("{SUMMARY}: {}: {error}", path.display())),
        }
    }
    for path in every_page(&root)? {
        if !listed.contains(&path) {
            wrong.push(format!("{SUMMARY} doesn't list {}", path.display()));
        }
    }
    for (path, page) in &pages {
        wrong.extend(wrong_links(&root, path, page, &pages));
        if is_teaching(path) && !trial::is_tried(page) {
            wrong.push(format!(
                "{}: its commands are run by no test: begin it with `<!-- tested -->`",
                path.display()
            ));
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    let links: usize = pages.values().map(|page| page.links.len()).sum();
    crate::shell::say(format_args!("  {} pages, {links} links", pages.len()));
    Ok(())
}

/// The pages below `docs/`, as paths from the root.
fn every_page(root: &Path) -> Result<Vec<PathBuf>> {
    let files = crate::stamp::files_below(&root.join("docs"))?;
    let below = |file: PathBuf| file.strip_prefix(root).map(Path::to_owned).ok();
    let is_page = |file: &PathBuf| {
        file.extension().is_some_and(|end| end == "md") && file != Path::new(SUMMARY)
    };
    Ok(files
        .into_iter()
        .filter_map(below)
        .filter(is_page)
        .collect())
}

fn wrong_links(
    root: &Path,
    path: &Path,
    page: &Markdown,
    pages: &BTreeMap<PathBuf, Markdown>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for link in &page.links {
        let place = format!("{}:{}: {}", path.display(), link.line, link.target);
        if is_elsewhere(&link.target) {
            if link.alternative.is_some() {
                wrong.push(format!("{place}: a picture of another server"));
            }
            continue;
        }
        let (file, anchor) = match link.target.split_once('#') {
            Some((file, anchor)) => (file, Some(anchor)),
            None => (&*link.target, None),
        };
        let target = match file {
            "" => path.to_owned(),
            file => resolved(path, file),
        };
        let Ok(found) = fs::metadata(root.join(&target)) else {
            wrong.push(format!("{place}: there is no such file"));
            continue;
        };
        if let Some(alternative) = &link.alternative {
            if alternative.trim().is_empty() {
                wrong.push(format!("{place}: the picture has no text"));
            }
            if found.len() > LARGEST {
                wrong.push(format!("{place}: {} bytes are too many", found.len()));
            }
        }
        let (Some(anchor), Some(page)) = (anchor, pages.get(&target)) else {
            continue;
        };
        if page.headings.iter().all(|heading| heading.anchor != anchor) {
            wrong.push(format!("{place}: there is no such headline"));
        }
    }
    wrong
}

/// Whether a link leads out of the tree.
pub(super) fn is_elsewhere(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:")
}

/// A link's file, as a path from the root; `from` is the page that has the link.
pub(super) fn resolved(from: &Path, target: &str) -> PathBuf {
    let mut path = from.parent().map(Path::to_owned).unwrap_or_default();
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_links_is_named() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(root.path().join(name), text).unwrap();
        let text =
            "[a](b.md#so) [b](b.md#no) [c](c.md) ![](d.svg) ![d](d.svg) ![e](https://e/f.png)";
        write("a.md", text);
        write("b.md", "# So\n");
        write("d.svg", "<svg/>");
        let page = |name: &str| {
            let text = fs::read_to_string(root.path().join(name)).unwrap();
            (PathBuf::from(name), markdown::read(&text))
        };
        let pages = BTreeMap::from([page("a.md"), page("b.md")]);
        let path = Path::new("a.md");
        let wrong = wrong_links(root.path(), path, &pages[path], &pages);
        assert_eq!(
            wrong,
            [
                "a.md:1: b.md#no: there is no such headline",
                "a.md:1: c.md: there is no such file",
                "a.md:1: d.svg: the picture has no text",
                "a.md:1: https://e/f.png: a picture of another server",
            ]
        );
    }

    #[test]
    fn links_are_relative_to_their_page() {
        let from = Path::new("docs/how-to/a.md");
        assert_eq!(resolved(from, "../../README.md"), Path::new("README.md"));
        assert_eq!(resolved(from, "b.md"), Path::new("docs/how-to/b.md"));
    }
}
