//! JSON paths such as `nodes[1].params.factor`.

use std::fmt::Write;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into a mapping.
    Key(String),
    /// Into a list.
    Index(usize),
}

/// The path of a key inside the value at `path`.
pub(crate) fn key(path: &str, key: &str) -> String {
    let mut chars = key.chars();
    let plain = chars
        .next()
        .is_some_and(|c| c.is_alphabetic() || c == '_' || c == '$' && !path.is_empty())
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$'));
    match (plain, path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{path}.{key}"),
        (false, _) => {
            let mut quoted = format!("{path}[\"");
            for c in key.chars() {
                match c {
                    '"' | '\\' => {
                        quoted.push('\\');
                        quoted.push(c);
                    }
                    '\n' => quoted.push_str("\\n"),
                    c if c.is_control() => {
                        // Writing to a string can't fail.
                        let _ = write!(quoted, "\\u{:04x}", u32::from(c));
                    }
                    c => quoted.push(c),
                }
            }
            quoted.push_str("\"]");
            quoted
        }
    }
}

/// The path of an element of the list at `path`.
pub(crate) fn index(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
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
        let path = key(&index("nodes", 1), "params");
        assert_eq!(path, "nodes[1].params");
        assert_eq!(key(&path, "a b"), "nodes[1].params[\"a b\"]");
        assert_eq!(
            steps("$.nodes[1][\"a \\\"b\\\"\"].x"),
            [
                Step::Key("nodes".into()),
                Step::Index(1),
                Step::Key("a \"b\"".into()),
                Step::Key("x".into()),
            ]
        );
    }

    proptest! {
        #[test]
        fn any_key_comes_back(names in prop::collection::vec(any::<String>(), 0..4)) {
            let path = names.iter().fold(String::new(), |path, name| key(&path, name));
            let names: Vec<Step> = names.into_iter().map(Step::Key).collect();
            prop_assert_eq!(steps(&path), names);
        }

        #[test]
        fn any_text_is_read(path in any::<String>()) {
            steps(&path);
        }
    }
}
