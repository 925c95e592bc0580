//! Manifests that are templates: the SDK's tools put values of the environment into
//! them before they are read, as a shell does.

/// Fills in what a template says itself: `${NAME:-value}` is the value. None where
/// there is nothing of that kind.
pub(super) fn fill_in(text: &str) -> Option<String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    let mut found = false;
    while let Some((before, after)) = rest.split_once("${") {
        let value = after.split_once('}').and_then(|(inside, after)| {
            let (name, value) = inside.split_once(":-")?;
            let is_name = |name: &str| {
                let word = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
                !name.is_empty() && name.bytes().all(word)
            };
            is_name(name).then_some((value, after))
        });
        filled.push_str(before);
        if let Some((value, after)) = value {
            filled.push_str(value);
            rest = after;
            found = true;
        } else {
            filled.push_str("${");
            rest = after;
        }
    }
    filled.push_str(rest);
    found.then_some(filled)
}

#[cfg(test)]
mod tests {
    use super::fill_in;

    #[test]
    fn defaults_are_filled_in() {
        for (text, filled) in [
            ("a: ${A:-1}, b: ${B_2:-x y}.", Some("a: 1, b: x y.")),
            ("${A:-}|${A:-b}", Some("|b")),
            ("a: ${A}, b: $B, c: ${ A:-1}, d: ${", None),
            ("a: ${A}, b: ${B:-2}", Some("a: ${A}, b: 2")),
            ("nothing", None),
        ] {
            assert_eq!(fill_in(text).as_deref(), filled, "{text}");
        }
    }
}
