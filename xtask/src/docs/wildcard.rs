//! What a page says is printed, beside what was printed.

/// Stands for anything in a line, and alone in a line for any lines.
const ANY: &str = "...";

/// Whether what was printed is what a page says.
pub(super) fn matches(expected: &[String], found: &[String]) -> bool {
    let Some((first, rest)) = expected.split_first() else {
        return found.is_empty();
    };
    if first.trim() == ANY {
        return (0..=found.len()).any(|skipped| matches(rest, &found[skipped..]));
    }
    match found.split_first() {
        Some((line, found)) => is_line(first, line) && matches(rest, found),
        None => false,
    }
}

/// Whether the lines that a page says were all printed, in order, among others.
pub(super) fn are_in(expected: &[String], found: &[String]) -> bool {
    let mut found = found.iter();
    expected
        .iter()
        .filter(|line| line.trim() != ANY)
        .all(|wanted| found.any(|line| is_line(wanted, line)))
}

fn is_line(expected: &str, found: &str) -> bool {
    let (expected, found) = (expected.trim_end(), found.trim_end());
    let mut parts = expected.split(ANY);
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = found.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn dots_stand_for_what_differs() {
        let same = |expected: &str, found: &str| matches(&lines(expected), &lines(found));
        assert!(same("a\nin ... s\nb", "a\nin 0.02 s\nb  "));
        assert!(same("a\n...\nc", "a\nb\nb\nc") && same("a\n...\nc", "a\nc"));
        assert!(same("a...b...c", "a1b2c") && !same("a...b...c", "a1c2b"));
        assert!(!same("a", "a\nb") && !same("a\nb", "a") && !same("a", "ab"));
        assert!(!same("a...a", "a"));
    }

    #[test]
    fn a_server_may_say_more() {
        assert!(are_in(&lines("b\nd..."), &lines("a\nb\nc\nde")));
        assert!(!are_in(&lines("b\na"), &lines("a\nb")));
    }
}
