//! Items, results and errors as the values that WAVE writes and reads.

use pipeline_host::types::{
    Audio, Binary, Control, ControlKind, Data, Diagnostic, Dtype, ErrorKind, File, GraphInfo,
    Image, ImageFormat, Input, Location, NodeMetrics, NodeOutputs, PipelineError, PixelFormat,
    Related, RunResult, Severity, Tensor, Text, Value, ValueNode, Video,
};
use wasmtime::component::Val;

/// A Rust type of the bindings, and the value that stands for it.
pub(crate) trait Wave: Sized {
    /// The value.
    fn to_val(&self) -> Val;
    /// From a value of the right type.
    fn from_val(val: &Val) -> Self;
}

macro_rules! plain {
    ($($type:ty: $case:ident)*) => {$(
        impl Wave for $type {
            fn to_val(&self) -> Val {
                Val::$case(self.clone())
            }

            fn from_val(val: &Val) -> Self {
                match val {
                    Val::$case(plain) => plain.clone(),
                    other => panic!("no {}: {other:?}", stringify!($type)),
                }
            }
        }
    )*};
}

plain! { bool: Bool u8: U8 u32: U32 u64: U64 i64: S64 f32: Float32 f64: Float64 String: String }

impl<T: Wave> Wave for Vec<T> {
    fn to_val(&self) -> Val {
        Val::List(self.iter().map(Wave::to_val).collect())
    }

    fn from_val(val: &Val) -> Self {
        match val {
            Val::List(list) => list.iter().map(T::from_val).collect(),
            other => panic!("no list: {other:?}"),
        }
    }
}

impl<T: Wave> Wave for Option<T> {
    fn to_val(&self) -> Val {
        Val::Option(self.as_ref().map(|some| Box::new(some.to_val())))
    }

    fn from_val(val: &Val) -> Self {
        match val {
            Val::Option(option) => option.as_deref().map(T::from_val),
            other => panic!("no option: {other:?}"),
        }
    }
}

impl<A: Wave, B: Wave> Wave for (A, B) {
    fn to_val(&self) -> Val {
        Val::Tuple(vec![self.0.to_val(), self.1.to_val()])
    }

    fn from_val(val: &Val) -> Self {
        match val {
            Val::Tuple(parts) => (A::from_val(&parts[0]), B::from_val(&parts[1])),
            other => panic!("no tuple: {other:?}"),
        }
    }
}

impl<T: Wave, E: Wave> Wave for Result<T, E> {
    fn to_val(&self) -> Val {
        Val::Result(match self {
            Ok(good) => Ok(Some(Box::new(good.to_val()))),
            Err(bad) => Err(Some(Box::new(bad.to_val()))),
        })
    }

    fn from_val(val: &Val) -> Self {
        match val {
            Val::Result(Ok(Some(good))) => Ok(T::from_val(good)),
            Val::Result(Err(Some(bad))) => Err(E::from_val(bad)),
            other => panic!("no result: {other:?}"),
        }
    }
}

/// A field of a record.
pub(crate) fn field<'a>(record: &'a Val, name: &str) -> &'a Val {
    let Val::Record(fields) = record else {
        panic!("no record: {record:?}");
    };
    let field = fields.iter().find(|(key, _)| key == name);
    &field.unwrap_or_else(|| panic!("no field {name}")).1
}

/// A name of Rust's as the WIT has it.
fn wit(name: &str) -> String {
    let mut wit = String::new();
    for letter in name.chars() {
        if letter == '_' || (letter.is_uppercase() && !wit.is_empty()) {
            wit.push('-');
        }
        if letter != '_' {
            wit.extend(letter.to_lowercase());
        }
    }
    wit
}

macro_rules! record {
    ($($type:ident { $($field:ident)* })*) => {$(
        impl Wave for $type {
            fn to_val(&self) -> Val {
                Val::Record(vec![$((wit(stringify!($field)), self.$field.to_val())),*])
            }

            fn from_val(val: &Val) -> Self {
                Self { $($field: Wave::from_val(field(val, &wit(stringify!($field))))),* }
            }
        }
    )*};
}

/// Cases without a payload, then those with one.
macro_rules! variant {
    ($make:ident $($type:ident { $($empty:ident)*; $($full:ident)* })*) => {$(
        impl Wave for $type {
            fn to_val(&self) -> Val {
                match self {
                    $(Self::$empty => empty!($make stringify!($empty)),)*
                    $(Self::$full(payload) => Val::Variant(
                        wit(stringify!($full)),
                        Some(Box::new(payload.to_val())),
                    ),)*
                }
            }

            fn from_val(val: &Val) -> Self {
                let (name, _payload) = match val {
                    Val::Variant(name, payload) => (name, payload.as_deref()),
                    Val::Enum(name) => (name, None),
                    other => panic!("no variant: {other:?}"),
                };
                $(if *name == wit(stringify!($empty)) {
                    return Self::$empty;
                })*
                $(if *name == wit(stringify!($full)) {
                    return Self::$full(Wave::from_val(_payload.expect("a payload")));
                })*
                panic!("no case {name} of {}", stringify!($type))
            }
        }
    )*};
}

macro_rules! empty {
    (Variant $name:expr) => {
        Val::Variant(wit($name), None)
    };
    (Enum $name:expr) => {
        Val::Enum(wit($name))
    };
}

record! {
    Value { nodes root }
    Audio { samples sample_rate channels stream_id timestamp_us metadata }
    Video {
        pixel_data width height format codec frame_number timestamp_us is_keyframe stream_id
    }
    Image { data format width height timestamp_us metadata }
    Tensor { data shape dtype layout }
    Text { text language channel }
    Binary { bytes mime_type }
    File { path filename mime_type size offset length }
    Control { kind segment_id timestamp_ms }
    Input { node_id item }
    NodeOutputs { node_id items }
    RunResult { outputs graph metrics }
    GraphInfo { node_count sink_count source_count execution_order }
    NodeMetrics { node_id items_in items_out nanoseconds }
    PipelineError { kind message node_id node_type item traceback diagnostics outputs }
    Diagnostic { severity code message help path location related }
    Related { message path location }
    Location { line column offset length }
}

variant! { Variant
    Data { ; Value Integers Numbers Text Binary Audio Video Image Tensor File Control }
    ValueNode {
        Null;
        Boolean Integer BigInteger Number Text Bytes Items Tuple Fields Entries Integers Numbers
    }
    ImageFormat { Jpeg Png Webp; Raw }
}

variant! { Enum
    PixelFormat { Gray8 Rgb24 Bgr24 Rgba32 Bgra32 Yuv420p Nv12 Encoded; }
    Dtype { U8 I8 U16 I16 U32 I32 U64 I64 F16 F32 F64 Bool; }
    ControlKind { CancelSpeculation BatchHint DeadlineWarning; }
    Severity { Error Warning; }
    ErrorKind {
        InvalidManifest NeedsInput InvalidInput NodeSetupFailed NodeFailed UnrepresentableOutput
        SessionClosed Internal;
    }
}
