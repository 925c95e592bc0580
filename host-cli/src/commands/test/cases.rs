//! Files of cases, read part by part: each part keeps its place, so that what is
//! expected can be written anew without touching the rest.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use jiter::Jiter;

use crate::failure::Failure;
use crate::workspace::reason;

/// How the names of files of cases end.
pub(super) const ENDING: &str = ".cases.json";

/// A file of cases.
#[derive(Debug)]
pub(super) struct CaseFile {
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) cases: Vec<Case>,
}

/// One case. Values stay text.
#[derive(Debug, Default)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) manifest: Option<Manifest>,
    pub(super) inputs: Option<Vec<Item>>,
    pub(super) nodes: Nodes,
    pub(super) expect: Expect,
    /// Where what is expected stands in the file; where it would, if it doesn't.
    pub(super) expected_at: Place,
}

/// Where something stands in a text.
#[derive(Clone, Debug)]
pub(super) enum Place {
    There(Range<usize>),
    /// It would be the object's last field, whose end is here.
    Missing(usize),
}

impl Default for Place {
    fn default() -> Self {
        Self::Missing(0)
    }
}

/// The manifest of a case.
#[derive(Debug)]
pub(super) enum Manifest {
    File(String),
    Text(String),
}

/// The nodes of a case.
#[derive(Debug)]
pub(super) enum Nodes {
    Directories(Vec<String>),
    Files(Vec<(String, String)>),
}

impl Default for Nodes {
    fn default() -> Self {
        Self::Directories(Vec::new())
    }
}

/// An item, as JSON or in a file.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Json(String),
    File(String),
}

/// What is expected.
#[derive(Debug, Default)]
pub(super) struct Expect {
    pub(super) outputs: Option<Vec<Item>>,
    pub(super) execution_order: Option<Vec<String>>,
    pub(super) error: Option<ExpectedError>,
}

/// What an expected error says.
#[derive(Debug, Default)]
pub(super) struct ExpectedError {
    pub(super) kind: Option<String>,
    pub(super) message_contains: Option<String>,
    pub(super) node_id: Option<String>,
    pub(super) item: Option<u64>,
}

/// The files of cases that paths mean, sorted.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        let unreadable = |error: &std::io::Error| {
            Failure::usage(format!(
                "`{}` can't be read: {}",
                path.display(),
                reason(error)
            ))
        };
        if fs::metadata(path)
            .map_err(|error| unreadable(&error))?
            .is_dir()
        {
            below(path, &mut found).map_err(|error| unreadable(&error))?;
        } else {
            found.push(path.clone());
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Adds the files of cases below a directory. Links are not followed, and hidden
/// directories and those of builds are passed over.
fn below(directory: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if !name.starts_with('.') && !["target", "node_modules"].contains(&&*name) {
                below(&entry.path(), found)?;
            }
        } else if kind.is_file() && name.ends_with(ENDING) {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// Reads a file of cases.
pub(super) fn read(path: &Path) -> Result<CaseFile, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!(
            "`{}` can't be read: {}",
            path.display(),
            reason(&error)
        ))
    })?;
    let reader = Reader { path, text: &text };
    let cases = reader.cases()?;
    Ok(CaseFile {
        path: path.to_owned(),
        cases,
        text,
    })
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
}

type Fields = Vec<(String, Range<usize>)>;

impl Reader<'_> {
    fn cases(&self) -> Result<Vec<Case>, Failure> {
        let whole = 0..self.text.len();
        let ranges = match self.text.trim_start().starts_with('[') {
            true => self.elements(whole)?,
            false => vec![self.value(whole)?],
        };
        let mut cases: Vec<Case> = Vec::new();
        for range in ranges {
            let start = range.start;
            let case = self.case(range)?;
            if cases.iter().any(|other| other.name == case.name) {
                return Err(self.wrong(start, format!("two cases have the name `{}`", case.name)));
            }
            cases.push(case);
        }
        Ok(cases)
    }

    fn case(&self, range: Range<usize>) -> Result<Case, Failure> {
        let mut case = Case {
            expected_at: Place::Missing(range.end - 1),
            ..Case::default()
        };
        for (name, value) in self.fields(range.clone())? {
            match name.as_str() {
                "name" => case.name = self.string(value)?,
                // For people; and for whoever runs the project's own cases.
                "about" | "runs" => {}
                "manifest" => {
                    case.manifest = Some(match self.is_string(&value) {
                        true => Manifest::File(self.string(value)?),
                        false => Manifest::Text(self.text[value].to_owned()),
                    });
                }
                "nodes" => {
                    case.nodes = match self.text[value.clone()].starts_with('[') {
                        true => Nodes::Directories(self.strings(value)?),
                        false => Nodes::Files(
                            self.fields(value)?
                                .into_iter()
                                .map(|(name, source)| Ok((name, self.string(source)?)))
                                .collect::<Result<_, Failure>>()?,
                        ),
                    }
                }
                "inputs" => case.inputs = Some(self.items(value)?),
                "expect" => {
                    case.expected_at = Place::There(value.clone());
                    case.expect = self.expect(value)?;
                }
                other => return Err(self.unknown(value.start, other, CASE_KEYS)),
            }
        }
        if case.name.is_empty() {
            return Err(self.wrong(range.start, "a case needs a name".to_owned()));
        }
        Ok(case)
    }

    fn expect(&self, range: Range<usize>) -> Result<Expect, Failure> {
        let mut expect = Expect::default();
        let start = range.start;
        for (name, value) in self.fields(range)? {
            match name.as_str() {
                "outputs" => expect.outputs = Some(self.items(value)?),
                "execution_order" => expect.execution_order = Some(self.strings(value)?),
                "error" => {
                    let mut error = ExpectedError::default();
                    for (name, value) in self.fields(value)? {
                        match name.as_str() {
                            "kind" => error.kind = Some(self.string(value)?),
                            "message_contains" => {
                                error.message_contains = Some(self.string(value)?)
                            }
                            "node_id" => error.node_id = Some(self.string(value)?),
                            "item" => {
                                let number = self.text[value.clone()].parse();
                                error.item = Some(number.map_err(|_| {
                                    self.wrong(value.start, "must be a number".to_owned())
                                })?);
                            }
                            "outputs" => expect.outputs = Some(self.items(value)?),
                            other => return Err(self.unknown(value.start, other, ERROR_KEYS)),
                        }
                    }
                    expect.error = Some(error);
                }
                other => return Err(self.unknown(value.start, other, EXPECT_KEYS)),
            }
        }
        if expect.outputs.is_none() && expect.error.is_none() && expect.execution_order.is_none() {
            let message = "nothing is expected: `outputs`, `execution_order` or `error`";
            return Err(self.wrong(start, message.to_owned()));
        }
        Ok(expect)
    }

    fn items(&self, range: Range<usize>) -> Result<Vec<Item>, Failure> {
        let elements = self.elements(range)?.into_iter();
        let item = |range: Range<usize>| {
            if self.text[range.clone()].starts_with('{')
                && let [(key, value)] = self.fields(range.clone())?.as_slice()
                && key == "$from"
            {
                return self.string(value.clone()).map(Item::File);
            }
            Ok(Item::Json(self.text[range].to_owned()))
        };
        elements.map(item).collect()
    }

    fn strings(&self, range: Range<usize>) -> Result<Vec<String>, Failure> {
        let elements = self.elements(range)?.into_iter();
        elements.map(|element| self.string(element)).collect()
    }

    fn is_string(&self, range: &Range<usize>) -> bool {
        self.text[range.clone()].starts_with('"')
    }

    fn string(&self, range: Range<usize>) -> Result<String, Failure> {
        let start = range.start;
        let mut json = Jiter::new(&self.text.as_bytes()[range]);
        let text = json.next_str().map(str::to_owned);
        text.map_err(|_| self.wrong(start, "must be a string".to_owned()))
    }

    fn json(&self, start: usize) -> Jiter<'_> {
        Jiter::new(&self.text.as_bytes()[start..]).with_allow_inf_nan()
    }

    /// The fields of an object, with the places of their values.
    fn fields(&self, range: Range<usize>) -> Result<Fields, Failure> {
        let start = range.start;
        let mut json = self.json(start);
        let mut fields = Vec::new();
        let mut key = match json.next_object() {
            Ok(key) => key.map(str::to_owned),
            Err(error) => return Err(self.broken(start, &error, "an object")),
        };
        while let Some(name) = key {
            let value = self.skip(&mut json, start)?;
            fields.push((name, value));
            key = match json.next_key() {
                Ok(key) => key.map(str::to_owned),
                Err(error) => return Err(self.broken(start, &error, "a key")),
            };
        }
        Ok(fields)
    }

    /// The places of a list's elements.
    fn elements(&self, range: Range<usize>) -> Result<Vec<Range<usize>>, Failure> {
        let start = range.start;
        let mut json = self.json(start);
        let mut elements = Vec::new();
        let mut next = json
            .next_array()
            .map_err(|error| self.broken(start, &error, "a list"))?;
        while next.is_some() {
            elements.push(self.skip(&mut json, start)?);
            next = json
                .array_step()
                .map_err(|error| self.broken(start, &error, "an element"))?;
        }
        if range.start == 0 {
            json.finish()
                .map_err(|error| self.broken(start, &error, "the end"))?;
        }
        Ok(elements)
    }

    fn value(&self, range: Range<usize>) -> Result<Range<usize>, Failure> {
        let mut json = self.json(range.start);
        let value = self.skip(&mut json, range.start)?;
        json.finish()
            .map_err(|error| self.broken(range.start, &error, "the end"))?;
        Ok(value)
    }

    fn skip(&self, json: &mut Jiter<'_>, base: usize) -> Result<Range<usize>, Failure> {
        json.peek()
            .map_err(|error| self.broken(base, &error, "a value"))?;
        let start = base + json.current_index();
        json.next_skip()
            .map_err(|error| self.broken(base, &error, "a value"))?;
        Ok(start..base + json.current_index())
    }

    fn broken(&self, base: usize, error: &jiter::JiterError, expected: &str) -> Failure {
        let message = match &error.error_type {
            jiter::JiterErrorType::WrongType { .. } => format!("must be {expected}"),
            kind => format!("broken JSON: {kind}"),
        };
        self.wrong(base + error.index, message)
    }

    fn unknown(&self, at: usize, name: &str, known: &[&str]) -> Failure {
        self.wrong(at, format!("the key `{name}` is not known"))
            .help(format!("there are {}", known.join(", ")))
    }

    fn wrong(&self, at: usize, message: String) -> Failure {
        let at = self.text.floor_char_boundary(at.min(self.text.len()));
        let before = &self.text[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Failure::usage(format!(
            "{}:{line}:{column}: {message}",
            self.path.display()
        ))
    }
}

const CASE_KEYS: &[&str] = &["name", "about", "manifest", "nodes", "inputs", "expect"];
const EXPECT_KEYS: &[&str] = &["outputs", "execution_order", "error"];
const ERROR_KEYS: &[&str] = &["kind", "message_contains", "node_id", "item", "outputs"];
