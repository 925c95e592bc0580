//! JSON paths such as `nodes[1].params.factor`.

use std::fmt::{self, Write};

/// Most characters of a key in a path: longer ones are cut, so that a
/// diagnostic stays short whatever the manifest holds.
const MOST_OF_KEY: usize = 100;

/// The place of a part of a document: its last step, and the place of what is
/// around it. Spelt out only where a diagnostic needs it, since the paths of all
/// parts together may be far longer than the document.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Path<'p> {
    /// The document itself.
    Root,
    /// A key of a mapping.
    Key(&'p Path<'p>, &'p str),
    /// An element of a list.
    Index(&'p Path<'p>, usize),
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into a mapping.
    Key(String),
    /// Into a list.
    Index(usize),
}

impl Path<'_> {
    /// The place of a key's value in the mapping here.
    pub(crate) fn key<'p>(&'p self, key: &'p str) -> Path<'p> {
        Path::Key(self, key)
    }

    /// The place of an element of the list here.
    pub(crate) fn index(&self, index: usize) -> Path<'_> {
        Path::Index(self, index)
    }

    /// Whether it is the document itself.
    pub(crate) fn is_root(&self) -> bool {
        matches!(self, Self::Root)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Root => Ok(()),
            Self::Index(list, index) => write!(f, "{list}[{index}]"),
            Self::Key(mapping, key) => {
                mapping.fmt(f)?;
                write_key(f, key, mapping.is_root())
            }
        }
    }
}

impl From<Path<'_>> for String {
    fn from(path: Path<'_>) -> Self {
        path.to_string()
    }
}

impl From<&Path<'_>> for String {
    fn from(path: &Path<'_>) -> Self {
        path.to_string()
    }
}

fn write_key(f: &mut fmt::Formatter<'_>, key: &str, is_first: bool) -> fmt::Result {
    let (key, cut) = match key.char_indices().nth(MOST_OF_KEY) {
        Some((end, _)) => (&key[..end], true),
        None => (key, false),
    };
    let mut chars = key.chars();
    let plain = !cut
        && chars
            .next()
            .is_some_and(|c| c.is_alphabetic() || c == '_' || c == '$' && !is_first)
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$'));
    if plain {
        let dot = if is_first { "" } else { "." };
        return write!(f, "{dot}{key}");
    }
    f.write_str("[\"")?;
    for c in key.chars() {
        match c {
            '"' | '\\' => {
                f.write_char('\\')?;
                f.write_char(c)?;
            }
            '\n' => f.write_str("\\n")?,
            c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_str(if cut { "...\"]" } else { "\"]" })
}

/// Reads a path. A leading `$` or dot is allowed; of what is no path, the part
/// before it is taken.
pub(crate) fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = path;
    if let Some(inside) = rest.strip_prefix('$')
        && (inside.is_empty() || inside.starts_with(['.', '[']))
    {
        rest = inside;
    }
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix("[\"") {
            let Some((key, after)) = unquote(quoted) else {
                break;
            };
            steps.push(Step::Key(key));
            rest = after;
        } else if let Some(inside) = rest.strip_prefix('[') {
            let Some((digits, after)) = inside.split_once(']') else {
                break;
            };
            let Ok(index) = digits.parse() else { break };
            steps.push(Step::Index(index));
            rest = after;
        } else {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            let end = name.find(['.', '[']).unwrap_or(name.len());
            if end == 0 {
                break;
            }
            steps.push(Step::Key(name[..end].to_owned()));
            rest = &name[end..];
        }
    }
    steps
}

/// The text up to `"]`, and what follows.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut key = String::new();
    let mut chars = quoted.char_indices();
    loop {
        match chars.next()? {
            (at, '"') => return Some((key, quoted[at + 1..].strip_prefix(']')?)),
            (_, '\\') => match chars.next()?.1 {
                'n' => key.push('\n'),
                'u' => {
                    let mut code = 0;
                    for _ in 0..4 {
                        code = code * 16 + chars.next()?.1.to_digit(16)?;
                    }
                    key.push(char::from_u32(code)?);
                }
                c => key.push(c),
            },
            (_, c) => key.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_diagnostics_say() {
        let root = Path::Root;
        let nodes = root.key("nodes");
        let node = nodes.index(1);
        let params = node.key("params");
        assert_eq!(params.to_string(), "nodes[1].params");
        let strange = params.key("a \"b\"").to_string();
        assert_eq!(strange, "nodes[1].params[\"a \\\"b\\\"\"]");
        assert_eq!(
            steps(&format!("$.{strange}.x")),
            [
                Step::Key("nodes".into()),
                Step::Index(1),
                Step::Key("params".into()),
                Step::Key("a \"b\"".into()),
                Step::Key("x".into()),
            ]
        );
    }

    #[test]
    fn long_keys_are_cut() {
        let key = "é".repeat(100_000);
        let path = Path::Root.key(&key).to_string();
        assert_eq!(path, format!("[\"{}...\"]", "é".repeat(MOST_OF_KEY)));
    }

    fn spelt(path: &Path<'_>, names: &[String]) -> String {
        match names {
            [] => path.to_string(),
            [name, rest @ ..] => spelt(&path.key(name), rest),
        }
    }

    proptest! {
        #[test]
        fn any_key_comes_back(names in prop::collection::vec(".{0,40}", 0..4)) {
            let path = spelt(&Path::Root, &names);
            let names: Vec<Step> = names.into_iter().map(Step::Key).collect();
            prop_assert_eq!(steps(&path), names);
        }

        #[test]
        fn any_text_is_read(path in any::<String>()) {
            steps(&path);
        }
    }
}
