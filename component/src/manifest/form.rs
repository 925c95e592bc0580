//! Rules on single fields, which both reading and checking apply.

use super::diagnostic::Diagnostic;
use super::path::Path;

/// The version of manifests that this is.
pub(crate) const VERSION: &str = "v1";

/// What manifests of this version call it.
const VERSIONS: &[&str] = &[VERSION, "1.0", "1.0.0"];

/// Most characters of an id, as a bound on messages rather than on people.
const MAX_ID: usize = 256;

/// What is doubtful about a version: a manifest of another one runs where all
/// that is in it is understood.
pub(crate) fn version(version: &str, path: &Path<'_>) -> Option<Diagnostic> {
    (!VERSIONS.contains(&version)).then(|| {
        let message = format!(
            "manifest version {} is not known, and is read as \"{VERSION}\"",
            quoted(version)
        );
        Diagnostic::warning("unknown-version", path, message)
            .help(format!("write \"{VERSION}\" if that is what it is"))
    })
}

/// What is wrong with a version where something is not understood.
pub(crate) fn unsupported_version(version: &str, path: &Path<'_>) -> Option<Diagnostic> {
    (!VERSIONS.contains(&version)).then(|| {
        let message = format!(
            "manifest version {} is not supported: it has keys that nothing reads",
            quoted(version)
        );
        Diagnostic::error("unsupported-version", path, message)
            .help(format!("the version is \"{VERSION}\""))
    })
}

/// What is wrong with a node's id.
pub(crate) fn id(id: &str, path: &Path<'_>) -> Option<Diagnostic> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let message = if id.is_empty() {
        "a node's id must not be empty".to_owned()
    } else if id.len() > MAX_ID {
        format!(
            "the node's id is {} bytes long; at most {MAX_ID} are allowed",
            id.len()
        )
    } else {
        let strange = id.chars().find(|&c| !allowed(c))?;
        format!("the node's id {} has the character {strange:?}", quoted(id))
    };
    Some(
        Diagnostic::error("invalid-id", path, message)
            .help("ids are made of ASCII letters, digits, `_` and `-`"),
    )
}

/// What is wrong with a node type's name.
pub(crate) fn node_type(node_type: &str, path: &Path<'_>) -> Option<Diagnostic> {
    let message = if node_type.is_empty() {
        "a node's type must not be empty".to_owned()
    } else if node_type.len() > 4 * MAX_ID {
        format!("the node type's name is {} bytes long", node_type.len())
    } else if node_type
        .chars()
        .any(|c| c.is_control() || c.is_whitespace())
    {
        format!(
            "the node type {} has white space or control characters",
            quoted(node_type)
        )
    } else {
        return None;
    };
    Some(Diagnostic::error("invalid-node-type", path, message))
}

/// What is wrong with the address of a remote executor.
pub(crate) fn host(host: &str, path: &Path<'_>) -> Option<Diagnostic> {
    let good = host.rsplit_once(':').is_some_and(|(name, port)| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let bracketed = name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'))
            .is_some_and(|name| name.parse::<std::net::Ipv6Addr>().is_ok());
        let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
        (bracketed || !name.is_empty() && name.chars().all(plain))
            && digits
            && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    (!good).then(|| {
        Diagnostic::error(
            "invalid-host",
            path,
            format!("{} is no host and port", quoted(host)),
        )
        .help("write it as `host:port`, for example `worker.example:7000`")
    })
}

/// Text in quotes for a message, shortened where it is long.
pub(crate) fn quoted(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_the_sdks_pattern() {
        for good in ["a", "A-1_b", "0"] {
            assert_eq!(id(good, &Path::Root), None, "{good}");
        }
        for bad in ["", "a b", "é", "a.b", "a/b", "a\n"] {
            assert!(id(bad, &Path::Root).is_some(), "{bad}");
        }
    }

    #[test]
    fn hosts_have_a_name_and_a_port() {
        for good in [
            "a:1",
            "worker-1.example:65535",
            "[::1]:80",
            "127.0.0.1:8080",
        ] {
            assert_eq!(host(good, &Path::Root), None, "{good}");
        }
        for bad in [
            "",
            "a",
            ":1",
            "a:",
            "a:0",
            "a:65536",
            "a b:1",
            "a:+1",
            "http://a:1",
            "::1:80",
        ] {
            assert!(host(bad, &Path::Root).is_some(), "{bad}");
        }
    }
}
