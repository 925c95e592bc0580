//! The fields of a manifest from a tree. All that is wrong is noted, and
//! reading goes on with what is there.

use super::diagnostic::{Diagnostic, Related, did_you_mean, enumerate};
use super::special::Values;
use super::tree::{Kind, Source, Span, Tree};
use super::{
    Capabilities, Connection, CpuRequirement, Execution, GpuRequirement, GpuType, Manifest,
    MediaCapabilities, MediaKind, Metadata, NodeSpec, Placement, PortMedia, PythonEnv, RuntimeHint,
    form, path,
};
use crate::value::Value;

/// Reads a manifest from a tree.
pub(crate) struct Reader<'a> {
    source: &'a Source<'a>,
    found: &'a mut Vec<Diagnostic>,
}

/// An object whose keys are known.
struct Object<'t> {
    tree: &'t Tree,
    path: String,
    fields: Vec<(&'static str, &'t Tree)>,
}

impl<'t> Object<'t> {
    /// A field that is there and not null.
    fn get(&self, name: &str) -> Option<&'t Tree> {
        let all = self.fields.iter();
        all.filter(|(_, value)| !matches!(value.kind, Kind::Null))
            .find(|(field, _)| *field == name)
            .map(|(_, value)| *value)
    }

    fn at(&self, name: &str) -> String {
        path::key(&self.path, name)
    }
}

/// `nodeType` as `node_type`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            if !snake.is_empty() {
                snake.push('_');
            }
            snake.push(c.to_ascii_lowercase());
        } else {
            snake.push(c);
        }
    }
    snake
}

impl<'a> Reader<'a> {
    pub(crate) fn new(source: &'a Source<'a>, found: &'a mut Vec<Diagnostic>) -> Self {
        Self { source, found }
    }

    /// A whole document: a manifest, which may be `wrapped` together with
    /// items.
    pub(crate) fn document(
        &mut self,
        tree: &Tree,
        wrapped: Option<&Tree>,
    ) -> (Option<Manifest>, Option<Vec<Value>>) {
        let Some(manifest) = wrapped else {
            return (self.manifest(tree, true), None);
        };
        let manifest = self.manifest(manifest, false);
        let outer = self.object(tree, "", &["manifest", "input_data"]);
        let items = outer.as_ref().and_then(|outer| outer.get("input_data"));
        (manifest, items.and_then(|items| self.items(items)))
    }

    fn items(&mut self, tree: &Tree) -> Option<Vec<Value>> {
        let Kind::List(items) = &tree.kind else {
            self.wrong_type(tree, "input_data", "a list of items");
            return None;
        };
        let items = items.iter().enumerate();
        let values = items.map(|(at, item)| self.value(item, &path::index("input_data", at)));
        Some(values.collect())
    }

    fn manifest(&mut self, tree: &Tree, is_document: bool) -> Option<Manifest> {
        const KNOWN: &[&str] = &[
            "version",
            "metadata",
            "nodes",
            "connections",
            "python_env",
            "runtime",
        ];
        if is_document && !matches!(tree.kind, Kind::Map(_)) {
            let message = format!("a manifest must be an object, found {}", tree.describe());
            self.report(tree.span, Diagnostic::error("wrong-type", "", message));
            return None;
        }
        let object = self.object(tree, "", KNOWN)?;
        let version = self.required(&object, "version").and_then(|tree| {
            let Some(version) = tree.text().map(str::to_owned) else {
                self.wrong_type(tree, "version", "a string");
                if let Some(last) = self.found.last_mut() {
                    last.help = Some(format!("write \"{}\"", form::VERSION));
                }
                return None;
            };
            self.form(tree, form::version(&version, "version"));
            Some(version)
        });
        let metadata = object.get("metadata").map(|tree| self.metadata(tree));
        let nodes = self.required(&object, "nodes");
        let nodes = nodes.map(|tree| self.list(tree, "nodes", Self::node));
        let connections = object.get("connections");
        let connections = connections.map(|tree| self.list(tree, "connections", Self::connection));
        let python_env = object.get("python_env").map(|tree| self.python_env(tree));
        Some(Manifest {
            version: version?,
            metadata: metadata.unwrap_or_default(),
            nodes: nodes?,
            connections: connections.unwrap_or_default(),
            python_env,
        })
    }

    fn metadata(&mut self, tree: &Tree) -> Metadata {
        const KNOWN: &[&str] = &[
            "name",
            "description",
            "created_at",
            "author",
            "version",
            "license",
            "auto_negotiate",
        ];
        let Some(object) = self.object(tree, "metadata", KNOWN) else {
            return Metadata::default();
        };
        Metadata {
            name: self.optional(&object, "name", Self::text),
            description: self.optional(&object, "description", Self::text),
            created_at: self.optional(&object, "created_at", Self::text),
            author: self.optional(&object, "author", Self::text),
            version: self.optional(&object, "version", Self::text),
            license: self.optional(&object, "license", Self::text),
            auto_negotiate: self.optional(&object, "auto_negotiate", Self::boolean),
        }
    }

    fn python_env(&mut self, tree: &Tree) -> PythonEnv {
        const KNOWN: &[&str] = &["python_version", "scope", "extra_deps"];
        let Some(object) = self.object(tree, "python_env", KNOWN) else {
            return PythonEnv::default();
        };
        PythonEnv {
            python_version: self.optional(&object, "python_version", Self::text),
            scope: self.optional(&object, "scope", Self::text),
            extra_deps: self
                .optional(&object, "extra_deps", Self::texts)
                .unwrap_or_default(),
        }
    }

    fn node(&mut self, tree: &Tree, at: &str) -> Option<NodeSpec> {
        const KNOWN: &[&str] = &[
            "id",
            "node_type",
            "params",
            "is_streaming",
            "is_output_node",
            "capabilities",
            "host",
            "runtime_hint",
            "execution",
            "fast_path",
            "python_deps",
            "media_capabilities",
        ];
        let object = self.object(tree, at, KNOWN)?;
        let id = self.required(&object, "id").and_then(|tree| {
            let at = object.at("id");
            let id = self.text(tree, &at)?;
            self.form(tree, form::id(&id, &at));
            Some(id)
        });
        let node_type = self.required(&object, "node_type").and_then(|tree| {
            let at = object.at("node_type");
            let node_type = self.text(tree, &at)?;
            self.form(tree, form::node_type(&node_type, &at));
            Some(node_type)
        });
        let params = self.optional(&object, "params", Self::params);
        let host = object.get("host").and_then(|tree| {
            let at = object.at("host");
            let host = self.text(tree, &at)?;
            self.form(tree, form::host(&host, &at));
            Some(host)
        });
        let spec = NodeSpec {
            params: params.unwrap_or(Value::Map(Vec::new())),
            is_streaming: self
                .optional(&object, "is_streaming", Self::boolean)
                .unwrap_or(false),
            is_output_node: self
                .optional(&object, "is_output_node", Self::boolean)
                .unwrap_or(false),
            capabilities: self.optional(&object, "capabilities", Self::capabilities),
            host,
            runtime_hint: self.optional(&object, "runtime_hint", |reader, tree, at| {
                reader.named(tree, at, RuntimeHint::NAMES, RuntimeHint::from_name)
            }),
            execution: self.optional(&object, "execution", Self::execution),
            fast_path: self.optional(&object, "fast_path", Self::boolean),
            python_deps: self
                .optional(&object, "python_deps", Self::texts)
                .unwrap_or_default(),
            media_capabilities: self.optional(&object, "media_capabilities", Self::media),
            ..NodeSpec::new("", "")
        };
        Some(NodeSpec {
            id: id?,
            node_type: node_type?,
            ..spec
        })
    }

    fn params(&mut self, tree: &Tree, at: &str) -> Option<Value> {
        let Kind::Map(entries) = &tree.kind else {
            self.wrong_type(tree, at, "an object");
            return None;
        };
        for (key, _) in entries {
            if key.text().is_none() {
                self.key_error(key, at);
            }
        }
        // The params are a mapping by themselves, also with one `$` key.
        let mut values = Values {
            source: self.source,
            found: self.found,
        };
        Some(values.map(entries, at, 0))
    }

    fn capabilities(&mut self, tree: &Tree, at: &str) -> Option<Capabilities> {
        let object = self.object(tree, at, &["gpu", "cpu", "memory_gb"])?;
        Some(Capabilities {
            gpu: self.optional(&object, "gpu", Self::gpu),
            cpu: self.optional(&object, "cpu", Self::cpu),
            memory_gb: self.optional(&object, "memory_gb", Self::amount),
        })
    }

    fn gpu(&mut self, tree: &Tree, at: &str) -> Option<GpuRequirement> {
        let object = self.object(tree, at, &["type", "min_memory_gb", "required"])?;
        let gpu_type = self.optional(&object, "type", |reader, tree, at| {
            reader.named(tree, at, GpuType::NAMES, GpuType::from_name)
        });
        Some(GpuRequirement {
            gpu_type: gpu_type.unwrap_or(GpuType::Any),
            min_memory_gb: self.optional(&object, "min_memory_gb", Self::amount),
            required: self
                .optional(&object, "required", Self::boolean)
                .unwrap_or(true),
        })
    }

    fn cpu(&mut self, tree: &Tree, at: &str) -> Option<CpuRequirement> {
        let object = self.object(tree, at, &["cores", "arch"])?;
        Some(CpuRequirement {
            cores: self.optional(&object, "cores", Self::count),
            arch: self.optional(&object, "arch", Self::text),
        })
    }

    fn execution(&mut self, tree: &Tree, at: &str) -> Option<Execution> {
        let object = self.object(tree, at, &["placement", "reason", "fallback"])?;
        let placement = self.optional(&object, "placement", |reader, tree, at| {
            reader.named(tree, at, Placement::NAMES, Placement::from_name)
        });
        Some(Execution {
            placement: placement.unwrap_or(Placement::Anywhere),
            reason: self.optional(&object, "reason", Self::text),
            fallback: self.optional(&object, "fallback", Self::text),
        })
    }

    fn media(&mut self, tree: &Tree, at: &str) -> Option<MediaCapabilities> {
        let object = self.object(tree, at, &["inputs", "outputs"])?;
        Some(MediaCapabilities {
            inputs: self
                .optional(&object, "inputs", Self::ports)
                .unwrap_or_default(),
            outputs: self
                .optional(&object, "outputs", Self::ports)
                .unwrap_or_default(),
        })
    }

    fn ports(&mut self, tree: &Tree, at: &str) -> Option<Vec<PortMedia>> {
        let Kind::Map(entries) = &tree.kind else {
            self.wrong_type(tree, at, "an object");
            return None;
        };
        let mut ports = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let Some(port) = key.text() else {
                self.key_error(key, at);
                continue;
            };
            let Some(object) = self.object(value, &path::key(at, port), &["type"]) else {
                continue;
            };
            let kind = self.required(&object, "type").and_then(|tree| {
                let at = object.at("type");
                self.named(tree, &at, MediaKind::NAMES, MediaKind::from_name)
            });
            if let Some(kind) = kind {
                ports.push(PortMedia {
                    port: port.to_owned(),
                    kind,
                });
            }
        }
        Some(ports)
    }

    fn connection(&mut self, tree: &Tree, at: &str) -> Option<Connection> {
        let object = self.object(tree, at, &["from", "to"])?;
        let mut end = |name| {
            let tree = self.required(&object, name)?;
            self.text(tree, &object.at(name))
        };
        let (from, to) = (end("from"), end("to"));
        Some(Connection {
            from: from?,
            to: to?,
        })
    }

    /// An object, with warnings about keys that nothing reads.
    fn object<'t>(
        &mut self,
        tree: &'t Tree,
        at: &str,
        known: &'static [&'static str],
    ) -> Option<Object<'t>> {
        let Kind::Map(entries) = &tree.kind else {
            self.wrong_type(
                tree,
                if at.is_empty() { "manifest" } else { at },
                "an object",
            );
            return None;
        };
        let mut fields: Vec<(&'static str, &'t Tree)> = Vec::with_capacity(entries.len());
        let mut spans: Vec<(&str, Span)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let Some(name) = key.text() else {
                self.key_error(key, at);
                continue;
            };
            let snake = snake_case(name);
            let Some(&field) = known.iter().find(|&&k| k == name || k == snake) else {
                let help = did_you_mean(&snake, known.iter().copied())
                    .unwrap_or_else(|| format!("known keys: {}", enumerate(known.iter().copied())));
                let message = format!("unknown key `{name}`: nothing reads it");
                let warning = Diagnostic::warning("unknown-key", path::key(at, name), message);
                self.report(key.span, warning.help(help));
                continue;
            };
            match fields.iter().position(|(other, _)| *other == field) {
                None => {
                    fields.push((field, value));
                    spans.push((name, key.span));
                }
                // The same key twice is noted for all objects alike.
                Some(other) if spans[other].0 == name => {}
                Some(other) => {
                    let (first, span) = spans[other];
                    let message = format!("`{first}` and `{name}` are the same field");
                    let mut error =
                        Diagnostic::error("duplicate-key", path::key(at, name), message);
                    error.related.push(Related {
                        message: "first given here".to_owned(),
                        path: path::key(at, first),
                        location: Some(self.source.location(span)),
                    });
                    self.report(key.span, error);
                }
            }
        }
        Some(Object {
            tree,
            path: at.to_owned(),
            fields,
        })
    }

    fn required<'t>(&mut self, object: &Object<'t>, name: &str) -> Option<&'t Tree> {
        let mut fields = object.fields.iter();
        if let Some((_, value)) = fields.find(|(field, _)| *field == name) {
            return Some(value);
        }
        let of = match object.path.as_str() {
            "" => "the manifest".to_owned(),
            path => format!("`{path}`"),
        };
        let message = format!("{of} has no `{name}`");
        let error = Diagnostic::error("missing-field", object.path.clone(), message);
        self.report(object.tree.span, error);
        None
    }

    fn optional<T>(
        &mut self,
        object: &Object<'_>,
        name: &str,
        read: impl FnOnce(&mut Self, &Tree, &str) -> Option<T>,
    ) -> Option<T> {
        read(self, object.get(name)?, &object.at(name))
    }

    fn list<T>(
        &mut self,
        tree: &Tree,
        at: &str,
        read: impl Fn(&mut Self, &Tree, &str) -> Option<T>,
    ) -> Vec<T> {
        let Kind::List(items) = &tree.kind else {
            self.wrong_type(tree, at, "a list");
            return Vec::new();
        };
        let items = items.iter().enumerate();
        let item = |(index, item)| read(self, item, &path::index(at, index));
        items.filter_map(item).collect()
    }

    fn texts(&mut self, tree: &Tree, at: &str) -> Option<Vec<String>> {
        Some(self.list(tree, at, Self::text))
    }

    fn text(&mut self, tree: &Tree, at: &str) -> Option<String> {
        if let Kind::Text(text) = &tree.kind {
            return Some(text.clone());
        }
        self.wrong_type(tree, at, "a string");
        None
    }

    fn boolean(&mut self, tree: &Tree, at: &str) -> Option<bool> {
        if let Kind::Bool(value) = tree.kind {
            return Some(value);
        }
        self.wrong_type(tree, at, "true or false");
        None
    }

    /// An amount of something: finite, and not negative.
    fn amount(&mut self, tree: &Tree, at: &str) -> Option<f64> {
        let amount = match tree.kind {
            Kind::Float(value) => value,
            // Nobody asks for so many gigabytes that digits are lost.
            Kind::Int(value) => value as f64,
            _ => {
                self.wrong_type(tree, at, "a number");
                return None;
            }
        };
        if amount.is_finite() && amount >= 0.0 {
            return Some(amount);
        }
        let message = format!("`{at}` must be a finite number that is not negative");
        self.report(tree.span, Diagnostic::error("out-of-range", at, message));
        None
    }

    fn count(&mut self, tree: &Tree, at: &str) -> Option<u32> {
        let Kind::Int(value) = tree.kind else {
            self.wrong_type(tree, at, "a whole number");
            return None;
        };
        if let Ok(count) = u32::try_from(value) {
            return Some(count);
        }
        let message = format!("`{at}` must be a whole number from 0 to {}", u32::MAX);
        self.report(tree.span, Diagnostic::error("out-of-range", at, message));
        None
    }

    fn named<T>(
        &mut self,
        tree: &Tree,
        at: &str,
        names: &[&str],
        from_name: fn(&str) -> Option<T>,
    ) -> Option<T> {
        let name = self.text(tree, at)?;
        if let Some(value) = from_name(&name) {
            return Some(value);
        }
        let message = format!(
            "`{at}` can't be {}: it must be one of {}",
            form::quoted(&name),
            enumerate(names.iter().copied())
        );
        let help = did_you_mean(&name, names.iter().copied());
        let error = Diagnostic::error("unknown-value", at, message).maybe_help(help);
        self.report(tree.span, error);
        None
    }

    fn value(&mut self, tree: &Tree, at: &str) -> Value {
        Values {
            source: self.source,
            found: self.found,
        }
        .value(tree, at)
    }

    /// Notes what is wrong with the form of a field.
    fn form(&mut self, tree: &Tree, error: Option<Diagnostic>) {
        if let Some(error) = error {
            self.report(tree.span, error);
        }
    }

    fn wrong_type(&mut self, tree: &Tree, at: &str, needs: &str) {
        let message = format!("`{at}` must be {needs}, found {}", tree.describe());
        self.report(tree.span, Diagnostic::error("wrong-type", at, message));
    }

    fn key_error(&mut self, key: &Tree, at: &str) {
        let message = format!("a key must be a string, found {}", key.describe());
        let error = Diagnostic::error("wrong-type", at, message);
        self.report(key.span, error.help("put it in quotes"));
    }

    fn report(&mut self, span: Span, diagnostic: Diagnostic) {
        self.found.push(Diagnostic {
            location: Some(self.source.location(span)),
            ..diagnostic
        });
    }
}
