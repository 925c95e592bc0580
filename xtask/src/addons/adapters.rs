//! Functions in C that take less than CPython calls them with.
//!
//! A method without arguments is called with two pointers, and many are written with one:
//! C's calling conventions don't mind. A WebAssembly runtime compares the types, and the
//! run would end. So the tables of methods and attributes name an adapter instead, which
//! stands before the table and leaves out what the function does not take.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use regex::{Captures, Regex};

/// Where functions are defined, and with how many parameters.
type Definitions = HashMap<String, Vec<(PathBuf, usize)>>;

/// Adapts the tables in all C files below a folder.
///
/// # Errors
/// Where a file can't be read or written.
pub(super) fn adapt(source: &Path) -> Result<()> {
    let patterns = Patterns::new()?;
    let mut files = Vec::new();
    for file in crate::stamp::files_below(source)? {
        if file.extension().is_some_and(|end| end == "c" || end == "h") {
            // Not all that old sources hold is UTF-8.
            let text = fs::read(&file)?;
            files.push((file, String::from_utf8_lossy(&text).into_owned()));
        }
    }
    let mut definitions = Definitions::new();
    for (file, text) in &files {
        patterns.define(file, text, &mut definitions);
    }
    for (file, text) in &files {
        if let Some(text) = patterns.adapt(file, text, &definitions) {
            fs::write(file, text).with_context(|| format!("can't write {}", file.display()))?;
        }
    }
    Ok(())
}

/// What C looks like where it matters here.
struct Patterns {
    /// The head of a function that is defined: its name, and its parameters.
    definition: Regex,
    /// A table of methods or of attributes.
    table: Regex,
    /// A method in a table: what is before its function, the function, its flags.
    method: Regex,
    /// An attribute in a table: what is before its getter, the getter, what is
    /// before the setter, the setter.
    attribute: Regex,
}

impl Patterns {
    fn new() -> Result<Self> {
        let parameters = r"((?:[^;{}()]|\((?:[^;{}()]|\([^;{}()]*\))*\))*)";
        Ok(Self {
            definition: Regex::new(&format!(r"\b(\w+)\s*\({parameters}\)\s*\{{"))?,
            table: Regex::new(
                r"(?s)(?:static\s+)?(?:struct\s+)?(Py(?:MethodDef|GetSetDef))\s+\w+\s*\[\w*\]\s*=\s*\{.*?\};",
            )?,
            method: Regex::new(
                r#"(\{\s*"\w+"\s*,\s*(?:\([\w\s*]+\)\s*)*&?)(\w+)(\s*,\s*)(METH_[A-Z_|\s]+)"#,
            )?,
            attribute: Regex::new(
                r#"(\{\s*"\w+"\s*,\s*(?:\([\w\s*]+\)\s*)?)(\w+)(\s*,\s*(?:\([\w\s*]+\)\s*)?)(\w+)"#,
            )?,
        })
    }

    /// Notes the functions that a file defines.
    fn define(&self, file: &Path, text: &str, definitions: &mut Definitions) {
        for found in self.definition.captures_iter(text) {
            let count = parameters(&found[2]);
            let known = definitions.entry(found[1].to_owned()).or_default();
            known.push((file.to_owned(), count));
        }
    }

    /// The text of a file with adapters, where it needs some.
    fn adapt(&self, file: &Path, text: &str, definitions: &Definitions) -> Option<String> {
        let lacks = |function: &str, called_with: usize| {
            let all = definitions.get(function)?;
            // Two files may have functions of one name for themselves.
            let own = all.iter().find(|(place, _)| place == file);
            let (_, takes) = own.or_else(|| all.first())?;
            (*takes < called_with).then_some(*takes)
        };
        let mut changed = false;
        let adapted = self.table.replace_all(text, |table: &Captures<'_>| {
            let mut adapters = String::new();
            let mut called = |function: &str, called_with: usize, gives: &str| {
                let Some(takes) = lacks(function, called_with) else {
                    return function.to_owned();
                };
                let name = format!("{function}_with_{called_with}");
                let adapter = adapter(&name, function, called_with, takes, gives);
                if !adapters.contains(&adapter) {
                    adapters += &adapter;
                }
                name
            };
            let body = if &table[1] == "PyMethodDef" {
                self.method.replace_all(&table[0], |found: &Captures<'_>| {
                    let function = called(&found[2], method_parameters(&found[4]), "PyObject *");
                    format!("{}{function}{}{}", &found[1], &found[3], &found[4])
                })
            } else {
                self.attribute
                    .replace_all(&table[0], |found: &Captures<'_>| {
                        let getter = called(&found[2], 2, "PyObject *");
                        let setter = called(&found[4], 3, "int ");
                        format!("{}{getter}{}{setter}", &found[1], &found[3])
                    })
            };
            changed |= !adapters.is_empty();
            format!("{adapters}{body}")
        });
        changed.then(|| adapted.into_owned())
    }
}

/// How many parameters there are between two parentheses.
fn parameters(text: &str) -> usize {
    let mut depth = 0;
    let commas = text.chars().filter(|it| {
        match it {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        *it == ',' && depth == 0
    });
    match text.trim() {
        "" | "void" => 0,
        _ => commas.count() + 1,
    }
}

/// How many parameters CPython gives a method with these flags, as its documentation of
/// `PyMethodDef` has it.
fn method_parameters(flags: &str) -> usize {
    let has = |flag: &str| flags.split('|').any(|it| it.trim() == flag);
    match (has("METH_FASTCALL"), has("METH_KEYWORDS")) {
        (true, true) => 4,
        (true, false) | (false, true) => 3,
        (false, false) => 2,
    }
}

/// A function that is called with more than another takes, and calls it.
fn adapter(name: &str, function: &str, called_with: usize, takes: usize, gives: &str) -> String {
    let list = |count: usize, before: &str| {
        let all = (0..count).map(|number| format!("{before}p{number}"));
        all.collect::<Vec<_>>().join(", ")
    };
    format!(
        "static {gives}{name}({}) {{\n  return ({}){function}({});\n}}\n",
        list(called_with, "void *"),
        gives.trim_end(),
        list(takes, "")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapted(text: &str) -> Option<String> {
        let patterns = Patterns::new().unwrap();
        let (file, mut definitions) = (PathBuf::from("a.c"), Definitions::new());
        patterns.define(&file, text, &mut definitions);
        patterns.adapt(&file, text, &definitions)
    }

    #[test]
    fn what_takes_all_stays_as_it_is() {
        let text = "static PyObject *go(T *self, PyObject *UNUSED(none)) {\n}\n\
                    static PyMethodDef methods[] = {\n  {\"go\", (PyCFunction)go, METH_NOARGS},\n};\n";
        assert_eq!(adapted(text), None);
    }

    #[test]
    fn a_method_without_arguments_gets_an_adapter() {
        let text = "static PyObject *\ngo(T *self)\n{\n  return f(self);\n}\n\
                    static PyMethodDef methods[] = {\n  {\"go\", (PyCFunction)go, METH_NOARGS, \"doc\"},\n\
                    {\"went\", (PyCFunction)(void *)go, METH_NOARGS}, {NULL, NULL}\n};\n";
        let adapted = adapted(text).unwrap();
        let adapter =
            "static PyObject *go_with_2(void *p0, void *p1) {\n  return (PyObject *)go(p0);\n}\n";
        assert_eq!(adapted.matches(adapter).count(), 1, "{adapted}");
        assert!(adapted.contains("{\"go\", (PyCFunction)go_with_2, METH_NOARGS, \"doc\"}"));
        assert!(adapted.contains("{\"went\", (PyCFunction)(void *)go_with_2, METH_NOARGS}"));
    }

    #[test]
    fn keywords_and_attributes_are_looked_at_too() {
        let text = "PyObject *all(PyObject *a, PyObject *b) {}\nPyObject *get(T *a) {}\nint set(T *a, PyObject *b) {}\n\
                    PyMethodDef m[] = {{\"all\", (PyCFunction)all, METH_VARARGS | METH_KEYWORDS}};\n\
                    static PyGetSetDef g[] = {{\"x\", (getter)get, (setter)set}, {\"y\", (getter)get, NULL}};\n";
        let adapted = adapted(text).unwrap();
        for part in [
            "return (PyObject *)all(p0, p1);",
            "static int set_with_3(void *p0, void *p1, void *p2) {\n  return (int)set(p0, p1);\n}",
            "{\"x\", (getter)get_with_2, (setter)set_with_3}",
            "{\"y\", (getter)get_with_2, NULL}",
        ] {
            assert!(adapted.contains(part), "no {part} in {adapted}");
        }
    }
}
