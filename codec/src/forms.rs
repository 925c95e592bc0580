//! Which objects are forms: those with one key alone.

use std::collections::HashSet;
use std::ops::Range;

use super::arena::MAX_DEPTH;

/// Objects with one key, as far as the text was looked at. One pass finds out
/// about an object and all that are in it, so that forms inside forms cost no
/// more than others.
#[derive(Debug, Default)]
pub(super) struct Forms {
    looked: Range<usize>,
    lone: HashSet<usize>,
}

impl Forms {
    /// Whether the object that begins at `start` has one key alone. What is
    /// wrong with its value is said when that is read.
    pub(super) fn has_one_key(&mut self, text: &[u8], start: usize) -> bool {
        if !self.looked.contains(&start) {
            self.look(text, start);
        }
        self.lone.contains(&start)
    }

    fn look(&mut self, text: &[u8], start: usize) {
        self.lone.clear();
        // Where what is open began, and whether it has no comma so far.
        let mut open: Vec<(usize, bool)> = Vec::new();
        let mut at = start;
        while let Some(byte) = text.get(at) {
            match byte {
                b'"' => at = end_of_string(text, at),
                // Deeper than any value: reading it comes to an end before that.
                b'[' | b'{' if open.len() > 4 * MAX_DEPTH => break,
                b'[' | b'{' => open.push((at, true)),
                b',' => {
                    if let Some((_, alone)) = open.last_mut() {
                        *alone = false;
                    }
                }
                b']' | b'}' => {
                    if let Some((begin, true)) = open.pop()
                        && text[begin] == b'{'
                    {
                        self.lone.insert(begin);
                    }
                    if open.is_empty() {
                        break;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        self.looked = start..at.max(start + 1);
    }
}

/// Where the string that begins at `start` has its last quote.
fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pass_tells_all() {
        let text = br#" {"$a": [{"$b": {"c": "},[", "d": 1}}, {"$e": 1}, [{"f": 1}]]} {"g": 1}"#;
        let starts = text.iter().enumerate();
        let starts = starts.filter(|&(at, byte)| *byte == b'{' && text[at + 1] == b'"');
        let mut forms = Forms::default();
        let found: Vec<bool> = starts.map(|(at, _)| forms.has_one_key(text, at)).collect();
        assert_eq!(found, [true, true, false, true, true, true]);
        assert!(!forms.has_one_key(br#"{"$a": 1"#, 0));
        assert!(!forms.has_one_key(b"{\"$a\\", 0));
    }
}
