//! Modules that a node needs and a run doesn't have: which command installs them.

/// Modules of the standard library that the sandbox has none of, and nobody can
/// install.
const OF_MACHINES: &[&str] = &[
    "curses",
    "ensurepip",
    "fcntl",
    "grp",
    "idlelib",
    "msvcrt",
    "nt",
    "pty",
    "readline",
    "resource",
    "syslog",
    "termios",
    "tkinter",
    "tty",
    "turtle",
    "winreg",
    "winsound",
];

/// Modules that are much used and have another name than their package.
const NAMES: &[(&str, &str)] = &[
    ("attr", "attrs"),
    ("bs4", "beautifulsoup4"),
    ("dateutil", "python-dateutil"),
    ("docx", "python-docx"),
    ("dotenv", "python-dotenv"),
    ("git", "gitpython"),
    ("jose", "python-jose"),
    ("jwt", "pyjwt"),
    ("magic", "python-magic"),
    ("markdown_it", "markdown-it-py"),
    ("PIL", "pillow"),
    ("pkg_resources", "setuptools"),
    ("serial", "pyserial"),
    ("skimage", "scikit-image"),
    ("sklearn", "scikit-learn"),
    ("slugify", "python-slugify"),
    ("yaml", "pyyaml"),
];

/// What to do about a message that says that a module is missing; nothing where it
/// says something else, or nothing can be done.
pub(crate) fn advice(message: &str) -> Option<String> {
    let module = module(message)?;
    let module = module.split('.').next().unwrap_or_default();
    if module.starts_with('_') || OF_MACHINES.contains(&module) {
        return None;
    }
    let package = NAMES.iter().find(|(name, _)| *name == module);
    Some(match package {
        Some((_, package)) => format!("`pipeline add {package}` installs the package that has it"),
        None => format!(
            "if `{module}` is a package: `pipeline add {module}`; if it is yours: --nodes names its directory"
        ),
    })
}

/// The module that a message says is missing.
fn module(message: &str) -> Option<&str> {
    // Python's own words, and those of the component about a node's module.
    let python = message.split_once("No module named '");
    let python = python.and_then(|(_, rest)| rest.split_once('\''));
    let component = || {
        let (before, _) = message.split_once("`, which is not installed")?;
        let (_, module) = before.rsplit_once("needs `")?;
        Some((module, ""))
    };
    let (module, _) = python.or_else(component)?;
    let fits = |c: char| c.is_alphanumeric() || "_.".contains(c);
    (!module.is_empty() && module.chars().all(fits)).then_some(module)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_named_with_the_packages_name() {
        let python =
            |module: &str| advice(&format!("ModuleNotFoundError: No module named '{module}'"));
        assert!(
            python("humanize.time")
                .unwrap()
                .contains("`pipeline add humanize`")
        );
        assert!(
            python("bs4")
                .unwrap()
                .contains("`pipeline add beautifulsoup4`")
        );
        let said = "node type `a:A`: module `a` needs `slugify`, which is not installed";
        assert!(
            advice(said)
                .unwrap()
                .contains("`pipeline add python-slugify`")
        );
    }

    #[test]
    fn nothing_is_advised_where_nothing_helps() {
        for message in [
            "ModuleNotFoundError: No module named 'fcntl'",
            "ModuleNotFoundError: No module named '_curses'",
            "ModuleNotFoundError: `x.so` is a native extension",
            "ValueError: No module named 'a b; rm'",
            "KeyError: 'x'",
        ] {
            assert_eq!(advice(message), None, "{message}");
        }
    }
}
