//! The types of the WIT, with what is said of them.

use wit_parser::{Resolve, Type, TypeDefKind};

const TEXT: &str = include_str!("../../wit/types.wit");

/// The interface `types`.
pub(super) struct Wit(Resolve);

/// A field of a record, or a case of an enum.
pub(super) struct Part<'w> {
    /// Its name in JSON, in `snake_case`.
    pub(super) name: String,
    /// What is said of it.
    pub(super) docs: String,
    /// What a field holds; none for a case.
    pub(super) kind: Option<Kind<'w>>,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind<'w> {
    Boolean,
    /// A whole number from 0 to this.
    Whole(u64),
    Float,
    Text,
    /// Raw bytes, or samples.
    Payload,
    /// A type of the interface.
    Named(&'w str),
    Option(Box<Kind<'w>>),
    List(Box<Kind<'w>>),
}

impl Wit {
    /// # Panics
    /// Where the WIT is none, with which this crate does not compile either.
    pub(super) fn parse() -> Self {
        let mut resolve = Resolve::default();
        resolve
            .push_str("types.wit", TEXT)
            .expect("the WIT that the types are generated from");
        Self(resolve)
    }

    /// What is said of a type.
    pub(super) fn docs(&self, name: &str) -> String {
        let found = self.find(name);
        plain(found.and_then(|def| def.docs.contents.as_deref()))
    }

    /// The fields of a record, or the cases of an enum or variant.
    pub(super) fn parts(&self, name: &str) -> Vec<Part<'_>> {
        let part = |name: &str, docs: &wit_parser::Docs, kind| Part {
            name: name.replace('-', "_"),
            docs: plain(docs.contents.as_deref()),
            kind,
        };
        match self.find(name).map(|def| &def.kind) {
            Some(TypeDefKind::Record(record)) => record
                .fields
                .iter()
                .map(|field| part(&field.name, &field.docs, Some(self.kind(&field.ty))))
                .collect(),
            Some(TypeDefKind::Enum(cases)) => cases
                .cases
                .iter()
                .map(|case| part(&case.name, &case.docs, None))
                .collect(),
            Some(TypeDefKind::Variant(cases)) => cases
                .cases
                .iter()
                .map(|case| part(&case.name, &case.docs, None))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Whether a type is an enum.
    pub(super) fn is_enum(&self, name: &str) -> bool {
        let kind = self.find(name).map(|def| &def.kind);
        matches!(kind, Some(TypeDefKind::Enum(_)))
    }

    fn find(&self, name: &str) -> Option<&wit_parser::TypeDef> {
        let mut types = self.0.types.iter().map(|(_, def)| def);
        types.find(|def| def.name.as_deref() == Some(name))
    }

    fn kind(&self, ty: &Type) -> Kind<'_> {
        match ty {
            Type::Bool => Kind::Boolean,
            Type::U8 => Kind::Whole(u8::MAX.into()),
            Type::U16 => Kind::Whole(u16::MAX.into()),
            Type::U32 => Kind::Whole(u32::MAX.into()),
            Type::F32 | Type::F64 => Kind::Float,
            Type::String | Type::Char => Kind::Text,
            Type::Id(id) => {
                let def = &self.0.types[*id];
                match (&def.name, &def.kind) {
                    (_, TypeDefKind::Option(inner)) => Kind::Option(self.kind(inner).into()),
                    (_, TypeDefKind::List(Type::U8 | Type::F32)) => Kind::Payload,
                    (_, TypeDefKind::List(inner)) => Kind::List(self.kind(inner).into()),
                    (_, TypeDefKind::Type(inner)) => self.kind(inner),
                    (Some(name), _) => Kind::Named(name),
                    (None, _) => Kind::Whole(u64::MAX),
                }
            }
            _ => Kind::Whole(u64::MAX),
        }
    }
}

/// Comments are wrapped; what is said is not.
fn plain(docs: Option<&str>) -> String {
    let words = docs.unwrap_or_default().split_whitespace();
    words.collect::<Vec<_>>().join(" ")
}
