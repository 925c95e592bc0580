//! Text for a terminal.
//!
//! What pipelines, manifests and file names say is other people's text. A
//! terminal obeys some characters in it instead of showing them: it moves the
//! cursor over what stands there, changes the window's title or answers as if
//! somebody typed, and text for right-to-left scripts can make a line look like
//! another one. On a terminal such characters are made visible; in a pipe or a
//! file text stays as it is.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with all that a terminal would obey made visible, as JSON escapes it:
/// `\u001b`. In a JSON document that changes nothing of what it says, since JSON
/// has these characters only inside strings.
///
/// Line ends and tabs stay.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(is_obeyed) else {
        return Cow::Borrowed(text);
    };
    let mut shown = String::with_capacity(text.len() + 16);
    shown.push_str(&text[..first]);
    let mut rest = text[first..].chars().peekable();
    while let Some(character) = rest.next() {
        let ends_line = character == '\r' && rest.peek() == Some(&'\n');
        if is_obeyed(character) && !ends_line {
            // Writing to a string can't fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Control characters but for the line's end and the tab, and those that change
/// the direction of text.
fn is_obeyed(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' => true,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => character.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_obeyed_is_shown_and_the_rest_stays() {
        for (text, shown) in [
            ("", ""),
            (
                "plain\ttext\r\nä \u{1f600}\n",
                "plain\ttext\r\nä \u{1f600}\n",
            ),
            ("\u{1b}[2J\u{7}", "\\u001b[2J\\u0007"),
            ("over\rwritten", "over\\u000dwritten"),
            ("\u{7f}\u{9b}31m", "\\u007f\\u009b31m"),
            ("a\u{202e}b\u{2069}c\u{200f}", "a\\u202eb\\u2069c\\u200f"),
            // Joins the parts of an emoji.
            ("\u{1f469}\u{200d}\u{1f52c}", "\u{1f469}\u{200d}\u{1f52c}"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_obeyed_is_left(text in any::<String>()) {
            let shown = visible(&text);
            let left = shown.replace("\r\n", "\n");
            prop_assert!(!left.contains(is_obeyed), "{shown:?}");
            prop_assert_eq!(visible(&shown), &*shown, "a second time changes nothing");
        }

        #[test]
        fn a_json_document_says_the_same(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let read: String = serde_json::from_str(&visible(&json)).unwrap();
            prop_assert_eq!(read, text);
        }
    }
}
