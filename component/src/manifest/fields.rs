//! The fields of a manifest from a tree. All that is wrong is noted, and
//! reading goes on with what is there.

use super::diagnostic::{Diagnostic, Found, Related, Severity, did_you_mean, enumerate, named};
use super::path::Path;
use super::special::Values;
use super::tree::{Kind, SourceText, Span, Tree};
use super::{
    Capabilities, Connection, CpuRequirement, Execution, GpuRequirement, GpuType, Manifest,
    MediaCapabilities, MediaKind, Metadata, NodeSpec, Placement, PortMedia, PythonEnv, PythonFile,
    RuntimeHint, form,
};
use crate::value::Value;

/// Reads a manifest from a tree.
pub(crate) struct Reader<'a> {
    source: &'a SourceText<'a>,
    found: &'a mut Found,
    /// How many keys nothing reads.
    unread: usize,
    /// Files of Python that the document names.
    pub(crate) python_nodes: Vec<PythonFile>,
}

/// An object whose keys are known.
struct Object<'t> {
    tree: &'t Tree,
    path: Path<'t>,
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

    fn at<'p>(&'p self, name: &'p str) -> Path<'p> {
        self.path.key(name)
    }
}

/// Whether `snake` is `name`, or `name` is the same in camel case: `node_type`
/// and `nodeType`.
pub(crate) fn is_snake_case_of(snake: &str, name: &str) -> bool {
    let mut rest = snake;
    for c in name.chars() {
        let mut expected = rest;
        if c.is_ascii_uppercase() && rest.len() < snake.len() {
            match rest.strip_prefix('_') {
                Some(after) => expected = after,
                None => return false,
            }
        }
        match expected.strip_prefix(c.to_ascii_lowercase()) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}

/// Other names of fields, as manifests of the SDK have them.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("params", "config"),
    ("connections", "edges"),
    ("from", "source"),
    ("to", "target"),
];

/// Whether a key names a field: by its name, in camel case, or otherwise.
pub(crate) fn names(field: &str, key: &str) -> bool {
    is_snake_case_of(field, key) || OTHER_NAMES.contains(&(field, key))
}

impl<'a> Reader<'a> {
    pub(crate) fn new(source: &'a SourceText<'a>, found: &'a mut Found) -> Self {
        Self {
            source,
            found,
            unread: 0,
            python_nodes: Vec::new(),
        }
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
        // With what the SDK's servers keep beside a manifest.
        const AROUND: &[&str] = &[
            "manifest",
            "input_data",
            "python_nodes",
            "id",
            "name",
            "description",
            "enabled",
        ];
        let outer = self.object(tree, &Path::Root, AROUND);
        if let Some(outer) = &outer {
            self.python_files(outer);
        }
        let items = outer.as_ref().and_then(|outer| outer.get("input_data"));
        (manifest, items.and_then(|items| self.items(items)))
    }

    fn items(&mut self, tree: &Tree) -> Option<Vec<Value>> {
        let Kind::List(items) = &tree.kind else {
            self.wrong_type(tree, &Path::Root.key("input_data"), "a list of items");
            return None;
        };
        let at = Path::Root.key("input_data");
        let items = items.iter().enumerate();
        let values = items.map(|(index, item)| self.values().item(item, &at.index(index)));
        Some(values.collect())
    }

    fn manifest(&mut self, tree: &Tree, is_document: bool) -> Option<Manifest> {
        const KNOWN: &[&str] = &[
            "version",
            "metadata",
            "nodes",
            "connections",
            "python_env",
            "python_nodes",
            "runtime",
            "name",
            "description",
            "author",
        ];
        if is_document && !matches!(tree.kind, Kind::Map(_)) {
            self.error(tree.span, || {
                let message = format!("a manifest must be an object, found {}", tree.describe());
                Diagnostic::error("wrong-type", "", message)
            });
            return None;
        }
        let object = self.object(tree, &Path::Root, KNOWN)?;
        let version = self.required(&object, "version").and_then(|tree| {
            let at = object.at("version");
            let Some(version) = tree.text().map(str::to_owned) else {
                self.error(tree.span, || {
                    wrong_type(tree, &at, "a string").help(format!("write \"{}\"", form::VERSION))
                });
                return None;
            };
            Some(version)
        });
        let metadata = object.get("metadata");
        let metadata = metadata.map(|tree| self.metadata(tree, &object.at("metadata")));
        let metadata = self.beside(&object, metadata.unwrap_or_default());
        let nodes = self.required(&object, "nodes");
        let nodes = nodes.map(|tree| self.list(tree, &object.at("nodes"), Self::node));
        let connections = object.get("connections");
        let connections =
            connections.map(|tree| self.list(tree, &object.at("connections"), Self::connection));
        let python_env = object.get("python_env");
        let python_env = python_env.map(|tree| self.python_env(tree, &object.at("python_env")));
        self.python_files(&object);
        if let Some(version) = &version
            && self.unread > 0
            && let Some(tree) = object.get("version")
        {
            let at = object.at("version");
            self.form(tree, form::unsupported_version(version, &at));
        }
        Some(Manifest {
            version: version?,
            metadata,
            nodes: nodes?,
            connections: connections.unwrap_or_default(),
            python_env,
        })
    }

    /// Files whose classes are node types: a path, or what
    /// `register_python_node` of the SDK takes.
    fn python_files(&mut self, object: &Object<'_>) {
        const KNOWN: &[&str] = &[
            "path",
            "node_type",
            "node_class",
            "multi_output",
            "category",
            "description",
            "accepts",
            "produces",
        ];
        let Some(tree) = object.get("python_nodes") else {
            return;
        };
        let files = self.list(tree, &object.at("python_nodes"), |reader, tree, at| {
            if let Some(path) = tree.text() {
                let (path, node_type, class) = (path.to_owned(), None, None);
                return Some(PythonFile {
                    path,
                    node_type,
                    class,
                });
            }
            let object = reader.object(tree, at, KNOWN)?;
            let path = reader.required(&object, "path");
            let path = path.and_then(|tree| reader.text(tree, &object.at("path")));
            Some(PythonFile {
                node_type: reader.optional(&object, "node_type", Self::text),
                class: reader.optional(&object, "node_class", Self::text),
                path: path?,
            })
        });
        self.python_nodes.extend(files);
    }

    /// Some of the SDK's manifests have their name and more beside the nodes.
    fn beside(&mut self, object: &Object<'_>, metadata: Metadata) -> Metadata {
        let mut or = |given: Option<String>, name| {
            let beside = self.optional(object, name, Self::text);
            given.or(beside)
        };
        Metadata {
            name: or(metadata.name, "name"),
            description: or(metadata.description, "description"),
            author: or(metadata.author, "author"),
            ..metadata
        }
    }

    fn metadata(&mut self, tree: &Tree, at: &Path<'_>) -> Metadata {
        const KNOWN: &[&str] = &[
            "name",
            "description",
            "created_at",
            "author",
            "version",
            "license",
            "auto_negotiate",
        ];
        let Some(object) = self.object(tree, at, KNOWN) else {
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

    fn python_env(&mut self, tree: &Tree, at: &Path<'_>) -> PythonEnv {
        const KNOWN: &[&str] = &["python_version", "scope", "extra_deps"];
        let Some(object) = self.object(tree, at, KNOWN) else {
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

    fn node(&mut self, tree: &Tree, at: &Path<'_>) -> Option<NodeSpec> {
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

    fn params(&mut self, tree: &Tree, at: &Path<'_>) -> Option<Value> {
        let Kind::Map(entries) = &tree.kind else {
            self.wrong_type(tree, at, "an object");
            return None;
        };
        // The params are a mapping by themselves, also with one `$` key.
        let mut values = self.values();
        for (key, _) in entries {
            if matches!(key.kind, Kind::List(_) | Kind::Map(_)) {
                // Said where it is read: it can't be the key of any mapping.
            } else if key.text().is_none() {
                values.key_error(key, at);
            }
        }
        Some(values.map(entries, tree.span, at, 0))
    }

    fn capabilities(&mut self, tree: &Tree, at: &Path<'_>) -> Option<Capabilities> {
        let object = self.object(tree, at, &["gpu", "cpu", "memory_gb"])?;
        Some(Capabilities {
            gpu: self.optional(&object, "gpu", Self::gpu),
            cpu: self.optional(&object, "cpu", Self::cpu),
            memory_gb: self.optional(&object, "memory_gb", Self::amount),
        })
    }

    fn gpu(&mut self, tree: &Tree, at: &Path<'_>) -> Option<GpuRequirement> {
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

    fn cpu(&mut self, tree: &Tree, at: &Path<'_>) -> Option<CpuRequirement> {
        let object = self.object(tree, at, &["cores", "arch"])?;
        Some(CpuRequirement {
            cores: self.optional(&object, "cores", Self::count),
            arch: self.optional(&object, "arch", Self::text),
        })
    }

    fn execution(&mut self, tree: &Tree, at: &Path<'_>) -> Option<Execution> {
        let object = self.object(tree, at, &["placement", "reason", "fallback"])?;
        let placement = self.optional(&object, "placement", |reader, tree, at| {
            reader.named(tree, at, Placement::NAMES, Placement::from_word)
        });
        Some(Execution {
            placement: placement.unwrap_or(Placement::Anywhere),
            reason: self.optional(&object, "reason", Self::text),
            fallback: self.optional(&object, "fallback", Self::text),
        })
    }

    fn media(&mut self, tree: &Tree, at: &Path<'_>) -> Option<MediaCapabilities> {
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

    fn ports(&mut self, tree: &Tree, at: &Path<'_>) -> Option<Vec<PortMedia>> {
        let Kind::Map(entries) = &tree.kind else {
            self.wrong_type(tree, at, "an object");
            return None;
        };
        let mut ports = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let Some(port) = key.text() else {
                self.values().key_error(key, at);
                continue;
            };
            let inside = at.key(port);
            let Some(object) = self.object(value, &inside, &["type"]) else {
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

    fn connection(&mut self, tree: &Tree, at: &Path<'_>) -> Option<Connection> {
        let object = self.object(tree, at, &["from", "to", "from_port", "to_port"])?;
        for port in ["from_port", "to_port"] {
            self.port(&object, port);
        }
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

    /// Nodes have one way in and one way out, which manifests call `default`.
    fn port(&mut self, object: &Object<'_>, name: &str) {
        let Some(tree) = object.get(name) else { return };
        let at = object.at(name);
        if let Some(port) = self.text(tree, &at)
            && port != "default"
        {
            self.report(Severity::Warning, tree.span, || {
                let message = format!("there is no port {}", form::quoted(&port));
                Diagnostic::warning("port-ignored", at, message)
                    .help("a connection passes on all that a node gives, to its only input")
            });
        }
    }

    /// An object, with warnings about keys that nothing reads.
    fn object<'t>(
        &mut self,
        tree: &'t Tree,
        at: &Path<'t>,
        known: &'static [&'static str],
    ) -> Option<Object<'t>> {
        let Kind::Map(entries) = &tree.kind else {
            let manifest = Path::Root.key("manifest");
            let at = if at.is_root() { &manifest } else { at };
            self.wrong_type(tree, at, "an object");
            return None;
        };
        let mut fields: Vec<(&'static str, &'t Tree)> = Vec::with_capacity(known.len());
        let mut spans: Vec<(&str, Span)> = Vec::with_capacity(known.len());
        for (key, value) in entries {
            let Some(name) = key.text() else {
                self.values().key_error(key, at);
                continue;
            };
            let Some(&field) = known.iter().find(|known| names(known, name)) else {
                self.unread += usize::from(name != "comment");
                self.report(Severity::Warning, key.span, || {
                    let help = did_you_mean(name, known.iter().copied());
                    let known = || format!("known keys: {}", enumerate(known.iter().copied()));
                    let message = format!("unknown key {}: nothing reads it", named(name));
                    Diagnostic::warning("unknown-key", at.key(name), message)
                        .help(help.unwrap_or_else(known))
                });
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
                    let location = self.source.location(span);
                    self.error(key.span, || {
                        let message = format!("`{first}` and `{name}` are the same field");
                        let mut error = Diagnostic::error("duplicate-key", at.key(name), message);
                        error.related.push(Related {
                            message: "first given here".to_owned(),
                            path: at.key(first).to_string(),
                            location: Some(location),
                        });
                        error
                    });
                }
            }
        }
        Some(Object {
            tree,
            path: *at,
            fields,
        })
    }

    fn required<'t>(&mut self, object: &Object<'t>, name: &str) -> Option<&'t Tree> {
        let mut fields = object.fields.iter();
        if let Some((_, value)) = fields.find(|(field, _)| *field == name) {
            return Some(value);
        }
        self.error(object.tree.span, || {
            let of = match object.path.is_root() {
                true => "the manifest".to_owned(),
                false => format!("`{}`", object.path),
            };
            Diagnostic::error(
                "missing-field",
                object.path,
                format!("{of} has no `{name}`"),
            )
        });
        None
    }

    fn optional<T>(
        &mut self,
        object: &Object<'_>,
        name: &str,
        read: impl FnOnce(&mut Self, &Tree, &Path<'_>) -> Option<T>,
    ) -> Option<T> {
        read(self, object.get(name)?, &object.at(name))
    }

    fn list<T>(
        &mut self,
        tree: &Tree,
        at: &Path<'_>,
        read: impl Fn(&mut Self, &Tree, &Path<'_>) -> Option<T>,
    ) -> Vec<T> {
        let Kind::List(items) = &tree.kind else {
            self.wrong_type(tree, at, "a list");
            return Vec::new();
        };
        let items = items.iter().enumerate();
        let item = |(index, item)| read(self, item, &at.index(index));
        items.filter_map(item).collect()
    }

    fn texts(&mut self, tree: &Tree, at: &Path<'_>) -> Option<Vec<String>> {
        Some(self.list(tree, at, Self::text))
    }

    fn text(&mut self, tree: &Tree, at: &Path<'_>) -> Option<String> {
        if let Kind::Text(text) = &tree.kind {
            return Some(text.clone());
        }
        self.wrong_type(tree, at, "a string");
        None
    }

    fn boolean(&mut self, tree: &Tree, at: &Path<'_>) -> Option<bool> {
        if let Kind::Bool(value) = tree.kind {
            return Some(value);
        }
        self.wrong_type(tree, at, "true or false");
        None
    }

    /// An amount of something: finite, and not negative.
    fn amount(&mut self, tree: &Tree, at: &Path<'_>) -> Option<f64> {
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
        self.error(tree.span, || {
            let message = format!("`{at}` must be a finite number that is not negative");
            Diagnostic::error("out-of-range", at, message)
        });
        None
    }

    fn count(&mut self, tree: &Tree, at: &Path<'_>) -> Option<u32> {
        let Kind::Int(value) = tree.kind else {
            self.wrong_type(tree, at, "a whole number");
            return None;
        };
        if let Ok(count) = u32::try_from(value) {
            return Some(count);
        }
        self.error(tree.span, || {
            let message = format!("`{at}` must be a whole number from 0 to {}", u32::MAX);
            Diagnostic::error("out-of-range", at, message)
        });
        None
    }

    fn named<T>(
        &mut self,
        tree: &Tree,
        at: &Path<'_>,
        names: &[&str],
        from_name: fn(&str) -> Option<T>,
    ) -> Option<T> {
        let name = self.text(tree, at)?;
        if let Some(value) = from_name(&name) {
            return Some(value);
        }
        self.error(tree.span, || {
            let message = format!(
                "`{at}` can't be {}: it must be one of {}",
                form::quoted(&name),
                enumerate(names.iter().copied())
            );
            let help = did_you_mean(&name, names.iter().copied());
            Diagnostic::error("unknown-value", at, message).maybe_help(help)
        });
        None
    }

    fn values(&mut self) -> Values<'_> {
        Values {
            source: self.source,
            found: self.found,
        }
    }

    /// Notes what is wrong with the form of a field.
    fn form(&mut self, tree: &Tree, error: Option<Diagnostic>) {
        if let Some(error) = error {
            self.error(tree.span, || error);
        }
    }

    fn wrong_type(&mut self, tree: &Tree, at: &Path<'_>, needs: &str) {
        self.error(tree.span, || wrong_type(tree, at, needs));
    }

    fn error(&mut self, span: Span, make: impl FnOnce() -> Diagnostic) {
        self.report(Severity::Error, span, make);
    }

    fn report(&mut self, severity: Severity, span: Span, make: impl FnOnce() -> Diagnostic) {
        self.found.add(severity, || Diagnostic {
            location: Some(self.source.location(span)),
            ..make()
        });
    }
}

fn wrong_type(tree: &Tree, at: &Path<'_>, needs: &str) -> Diagnostic {
    let message = format!("`{at}` must be {needs}, found {}", tree.describe());
    Diagnostic::error("wrong-type", at, message)
}
