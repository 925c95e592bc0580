//! `docs/threat-model.md`: each test that it names is in the tree.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

const PAGE: &str = "docs/threat-model.md";

/// Compares the page with the tree.
///
/// # Errors
/// Names each test that the page names and no file has, and each threat whose
/// row is not of the form that the page promises.
pub(crate) fn check() -> Result<()> {
    let root = crate::root();
    let path = root.join(PAGE);
    let page = fs::read_to_string(&path).with_context(|| format!("can't read {PAGE}"))?;
    let threats = threats(&page);
    let named: usize = threats.iter().map(|threat| threat.tests.len()).sum();
    let wrong = wrong(&threats, |file, name| has(&root.join(file), name));
    if !wrong.is_empty() {
        bail!("{PAGE} is out of date:\n{}", wrong.join("\n"));
    }
    if threats.is_empty() {
        bail!("{PAGE} has no rows that begin with `| T-`");
    }
    crate::shell::say(format_args!(
        "  {} threats, whose {named} tests are there",
        threats.len()
    ));
    Ok(())
}

/// A row of a table of threats: `| T-ISO-1 | threat | mitigation | tests | what remains |`.
struct Threat<'a> {
    id: &'a str,
    cells: usize,
    /// What stands in backquotes and has `::`.
    tests: Vec<&'a str>,
}

fn threats(page: &str) -> Vec<Threat<'_>> {
    let rows = page.lines().filter(|line| line.starts_with("| T-"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").collect();
        let tests = cells.get(3).copied().unwrap_or_default();
        Threat {
            id: cells[0].trim(),
            cells: cells.len(),
            tests: tests
                .split('`')
                .skip(1)
                .step_by(2)
                .filter(|word| word.contains("::"))
                .collect(),
        }
    })
    .collect()
}

/// What is wrong with rows; `has` says whether a file has a test.
fn wrong(threats: &[Threat<'_>], has: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for Threat { id, cells, tests } in threats {
        if !seen.insert(id) {
            wrong.push(format!("{id}: the id is given twice"));
        }
        if *cells != 5 {
            wrong.push(format!("{id}: the row has {cells} cells, not 5"));
        }
        if tests.is_empty() {
            wrong.push(format!("{id}: no test is named"));
        }
        for test in tests {
            let there = test
                .split_once("::")
                .is_some_and(|(file, name)| has(file, name));
            if !there {
                wrong.push(format!("{id}: there is no test `{test}`"));
            }
        }
    }
    wrong
}

/// Whether a file has a test of this name: a function in Rust or Python, or a
/// program or case that carries the name.
fn has(path: &Path, name: &str) -> bool {
    let Ok(text) = fs::read_to_string(path) else {
        return false;
    };
    let function = |keyword: &str| text.contains(&format!("{keyword} {name}("));
    match path.extension().and_then(|end| end.to_str()) {
        Some("rs") => function("fn"),
        Some("py") => {
            function("def") || function("class") || text.contains(&format!("class {name}:"))
        }
        Some("json") => text.contains(&format!("\"{name}\"")),
        _ => text.contains(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
# Threats

| id | threat | mitigation | tests | what remains |
| --- | --- | --- | --- | --- |
| T-A-1 | one `x::y` | by | `a.rs::one`, `b.py::two` | - |
| T-A-2 | none | by | hope | - |
| T-A-1 | `a` | by | `a.rs::gone` |
";

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = wrong(&threats(PAGE), |file, name| {
            [("a.rs", "one"), ("b.py", "two")].contains(&(file, name))
        });
        assert_eq!(
            wrong,
            [
                "T-A-2: no test is named",
                "T-A-1: the id is given twice",
                "T-A-1: the row has 4 cells, not 5",
                "T-A-1: there is no test `a.rs::gone`",
            ]
        );
    }

    #[test]
    fn tests_are_found_by_their_whole_name() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let rust = write("a.rs", "#[test]\nfn one_more() {}\n");
        assert!(has(&rust, "one_more") && !has(&rust, "one") && !has(&rust, "more"));
        let python = write("a.py", "def test_one(tmp_path):\n    pass\n");
        assert!(has(&python, "test_one") && !has(&python, "test_o"));
        let json = write("a.json", "[{\"name\": \"case\"}]");
        assert!(has(&json, "case") && !has(&json, "cas"));
        assert!(!has(&directory.path().join("none.rs"), "one"));
    }
}
