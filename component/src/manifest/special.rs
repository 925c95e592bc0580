//! Values from a tree, with the forms for what JSON can't say: those of the
//! codec, from which the words for what is wrong come as well.

use std::collections::HashSet;

use pipeline_codec::forms::{self, Form, MEDIA};

use super::diagnostic::{Diagnostic, Found, did_you_mean, named};
use super::path::Path;
use super::tree::{Kind, SourceText, Span, Tree};
use crate::value::{Value, arena, enter, items};

/// Makes values, and notes what is wrong with them.
pub(crate) struct Values<'a> {
    pub(crate) source: &'a SourceText<'a>,
    pub(crate) found: &'a mut Found,
}

impl Values<'_> {
    /// The item of a tree: a value, or a medium in its form.
    pub(crate) fn item(&mut self, tree: &Tree, at: &Path<'_>) -> Value {
        let Kind::Map(entries) = &tree.kind else {
            return self.value(tree, at);
        };
        let [(key, inner)] = entries.as_slice() else {
            return self.value(tree, at);
        };
        match key.text() {
            Some(name) if MEDIA.contains(&name) => self.medium(name, inner, &at.key(name)),
            _ => self.value(tree, at),
        }
    }

    /// A medium, which the codec reads; it is given this one as JSON.
    fn medium(&mut self, name: &str, tree: &Tree, at: &Path<'_>) -> Value {
        let had_errors = self.found.has_errors();
        let fields = self.nested(tree, at, 0);
        if !had_errors && self.found.has_errors() {
            return Value::Null;
        }
        let read = || {
            let fields =
                arena::lower(fields).map_err(|error| (String::new(), error.to_string()))?;
            let fields = pipeline_codec::value_to_json(&fields)
                .map_err(|error| (String::new(), error.to_string()))?;
            let json = format!("{{\"{name}\": {fields}}}");
            let data = pipeline_codec::read_item(json.as_bytes())
                .map_err(|error| (error.path, error.message))?;
            items::lift_item(data).map_err(|message| (String::new(), message))
        };
        read().unwrap_or_else(|(path, message)| {
            // Its own path begins with the form.
            let form = format!("['{name}']");
            let path = path
                .strip_prefix(&form)
                .unwrap_or(&path)
                .trim_start_matches('.');
            let entries = match &tree.kind {
                Kind::Map(entries) => entries.as_slice(),
                _ => &[],
            };
            let wrong = entries.iter().find(|(key, _)| key.name() == path);
            let span = wrong.map_or(tree.span, |(_, value)| value.span);
            let place = Some(path).filter(|path| !path.is_empty());
            let place = place.map(|path| format!("{path}: ")).unwrap_or_default();
            self.error("invalid-medium", at, span, || {
                format!("{name}: {place}{message}")
            })
        })
    }

    /// The value of a tree; where something is wrong, null stands for it.
    pub(crate) fn value(&mut self, tree: &Tree, at: &Path<'_>) -> Value {
        self.nested(tree, at, 0)
    }

    fn error(
        &mut self,
        code: &'static str,
        at: &Path<'_>,
        span: Span,
        message: impl FnOnce() -> String,
    ) -> Value {
        self.found.error(|| Diagnostic {
            location: Some(self.source.location(span)),
            ..Diagnostic::error(code, at, message())
        });
        Value::Null
    }

    /// Notes a key that can't be one.
    pub(crate) fn key_error(&mut self, key: &Tree, at: &Path<'_>) {
        let found = key.describe();
        self.found.error(|| Diagnostic {
            location: Some(self.source.location(key.span)),
            ..Diagnostic::error(
                "wrong-type",
                at,
                format!("a key must be a string, found {found}"),
            )
            .help("put it in quotes")
        });
    }

    /// The depth of what is inside a list or mapping that stands in `depth`
    /// others; `None` where that is too deep.
    fn enter(&mut self, span: Span, at: &Path<'_>, depth: usize) -> Option<usize> {
        match enter(depth) {
            Ok(depth) => Some(depth),
            Err(limit) => {
                self.error("too-deep", at, span, || limit.to_string());
                None
            }
        }
    }

    fn nested(&mut self, tree: &Tree, at: &Path<'_>, depth: usize) -> Value {
        match &tree.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Int(value) => Value::Int(*value),
            Kind::BigInt(value) => Value::integer(value.clone()),
            Kind::Float(value) => Value::Float(*value),
            Kind::Text(value) => Value::Text(value.clone()),
            Kind::Bytes(value) => Value::Bytes(value.clone()),
            Kind::List(items) => Value::list(self.items(items, tree.span, at, depth)),
            Kind::Map(entries) => match entries.as_slice() {
                [(key, inner)] if key.text().is_some_and(|name| name.starts_with('$')) => {
                    self.special(key, inner, at, depth)
                }
                entries => self.map(entries, tree.span, at, depth),
            },
        }
    }

    fn items(&mut self, items: &[Tree], span: Span, at: &Path<'_>, depth: usize) -> Vec<Value> {
        let Some(depth) = self.enter(span, at, depth) else {
            return Vec::new();
        };
        let items = items.iter().enumerate();
        items
            .map(|(index, item)| self.nested(item, &at.index(index), depth))
            .collect()
    }

    pub(crate) fn map(
        &mut self,
        entries: &[(Tree, Tree)],
        span: Span,
        at: &Path<'_>,
        depth: usize,
    ) -> Value {
        let Some(depth) = self.enter(span, at, depth) else {
            return Value::Null;
        };
        if entries.iter().all(|(key, _)| key.text().is_some()) {
            let field = |(key, value): &(Tree, Tree)| {
                let name = key.name();
                let value = self.nested(value, &at.key(&name), depth);
                (name.into_owned(), value)
            };
            return Value::Map(entries.iter().map(field).collect());
        }
        let entry = |(tree, value): &(Tree, Tree)| {
            let name = tree.name();
            let inside = at.key(&name);
            let key = self.nested(tree, &inside, depth);
            // `{{ x }}`, unquoted, is a mapping as the key of another.
            if !key.is_key() {
                self.key_error(tree, at);
            }
            (key, self.nested(value, &inside, depth))
        };
        Value::Entries(entries.iter().map(entry).collect())
    }

    fn special(&mut self, key: &Tree, inner: &Tree, at: &Path<'_>, depth: usize) -> Value {
        let name = key.name();
        let inside = at.key(&name);
        let (form, kind) = (Form::of(&name), &inner.kind);
        match (form, kind) {
            (Some(Form::Bytes), Kind::Text(text)) => match forms::bytes_of(text) {
                Ok(bytes) => Value::Bytes(bytes),
                Err(error) => self.error("invalid-base64", &inside, inner.span, || {
                    format!("not valid base64: {error}")
                }),
            },
            (Some(form @ Form::Float), Kind::Text(text)) => match forms::float_of(text) {
                Some(float) => Value::Float(float),
                None => self.error("invalid-float", &inside, inner.span, || {
                    format!("`{name}` must be {}", form.holds())
                }),
            },
            (Some(Form::Tuple), Kind::List(items)) => {
                Value::Tuple(self.items(items, inner.span, &inside, depth))
            }
            (Some(Form::Dict), Kind::List(pairs)) => self.dict(pairs, inner.span, &inside, depth),
            (Some(Form::Object), Kind::Map(entries)) => {
                self.map(entries, inner.span, &inside, depth)
            }
            (Some(form), _) => self.error("wrong-type", &inside, inner.span, || {
                let found = inner.describe();
                format!("`{name}` must hold {}, found {found}", form.holds())
            }),
            (None, _) if MEDIA.contains(&&*name) => {
                self.error("medium-in-manifest", at, key.span, || {
                    format!("`{name}` stands for a whole item, and can't be a part of a value")
                })
            }
            (None, _) => {
                let name = named(&name);
                let plain = name.trim_matches('`');
                self.found.error(|| {
                    let known = Form::ALL.iter().map(|form| form.key());
                    Diagnostic {
                        location: Some(self.source.location(key.span)),
                        ..Diagnostic::error("unknown-form", at, forms::unknown(plain))
                    }
                    .maybe_help(did_you_mean(plain, known))
                });
                Value::Null
            }
        }
    }

    fn dict(&mut self, pairs: &[Tree], span: Span, at: &Path<'_>, depth: usize) -> Value {
        let Some(depth) = self.enter(span, at, depth) else {
            return Value::Null;
        };
        let mut entries = Vec::with_capacity(pairs.len());
        for (index, pair) in pairs.iter().enumerate() {
            let at = at.index(index);
            match &pair.kind {
                Kind::List(pair) if pair.len() == 2 => {
                    let key = self.nested(&pair[0], &at.index(0), depth);
                    if !key.is_key() {
                        self.error("wrong-type", &at.index(0), pair[0].span, || {
                            format!("{} can't be the key of a mapping", key.kind())
                        });
                    }
                    let value = self.nested(&pair[1], &at.index(1), depth);
                    entries.push((key, value));
                }
                _ => {
                    self.error("wrong-type", &at, pair.span, || {
                        format!("`$dict` must hold {}", Form::Dict.holds())
                    });
                }
            }
        }
        let mut seen = HashSet::new();
        let names = entries.iter().filter_map(|(key, _)| match key {
            Value::Text(name) => Some(name.as_str()),
            _ => None,
        });
        if let Some(twice) = names.into_iter().find(|name| !seen.insert(*name)) {
            self.error("duplicate-key", at, span, || {
                format!("the key {} was given before", named(twice))
            });
        }
        // The form for keys that are all strings is the plain one.
        match entries.iter().all(|(key, _)| matches!(key, Value::Text(_))) {
            true => {
                let field = |(key, value)| match key {
                    Value::Text(name) => Some((name, value)),
                    _ => None,
                };
                Value::Map(entries.into_iter().filter_map(field).collect())
            }
            false => Value::Entries(entries),
        }
    }
}
