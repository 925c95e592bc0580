//! The names of what the WIT counts up, as JSON and Python have them.

use crate::types::{
    ControlKind, Dtype, ErrorKind, GpuType, Language, MediaKind, PixelFormat, Placement,
    RuntimeHint, Severity,
};

/// What has names.
pub trait Named: Copy + 'static {
    /// All that there are, in the WIT's order.
    const ALL: &'static [Self];
    /// Their names.
    const NAMES: &'static [&'static str];

    /// Its name.
    #[must_use]
    fn name(self) -> &'static str;

    /// What has this name.
    #[must_use]
    fn named(name: &str) -> Option<Self> {
        let position = Self::NAMES.iter().position(|known| *known == name)?;
        Self::ALL.get(position).copied()
    }
}

/// Names the cases of an enum; one that is left out does not compile.
macro_rules! names {
    ($($type:ident { $($case:ident = $name:literal),+ $(,)? })+) => {
        $(impl Named for $type {
            const ALL: &'static [Self] = &[$(Self::$case),+];
            const NAMES: &'static [&'static str] = &[$($name),+];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$case => $name,)+
                }
            }
        })+
    };
}

names! {
    PixelFormat {
        Gray8 = "gray8",
        Rgb24 = "rgb24",
        Bgr24 = "bgr24",
        Rgba32 = "rgba32",
        Bgra32 = "bgra32",
        Yuv420p = "yuv420p",
        Nv12 = "nv12",
        Encoded = "encoded",
    }
    Dtype {
        U8 = "u8",
        I8 = "i8",
        U16 = "u16",
        I16 = "i16",
        U32 = "u32",
        I32 = "i32",
        U64 = "u64",
        I64 = "i64",
        F16 = "f16",
        F32 = "f32",
        F64 = "f64",
        Bool = "bool",
    }
    ControlKind {
        CancelSpeculation = "cancel-speculation",
        BatchHint = "batch-hint",
        DeadlineWarning = "deadline-warning",
    }
    ErrorKind {
        InvalidManifest = "invalid-manifest",
        NeedsInput = "needs-input",
        InvalidInput = "invalid-input",
        NodeSetupFailed = "node-setup-failed",
        NodeFailed = "node-failed",
        UnrepresentableOutput = "unrepresentable-output",
        SessionClosed = "session-closed",
        Internal = "internal",
    }
    Language {
        Rust = "rust",
        Python = "python",
    }
    Severity {
        Error = "error",
        Warning = "warning",
    }
    GpuType {
        Cuda = "cuda",
        Rocm = "rocm",
        Metal = "metal",
        Vulkan = "vulkan",
        Any = "any",
    }
    RuntimeHint {
        RustPython = "rust_python",
        Cpython = "cpython",
        CpythonWasm = "cpython_wasm",
        Auto = "auto",
    }
    Placement {
        Anywhere = "anywhere",
        Wasi = "wasi",
        Native = "native",
        Remote = "remote",
        PreferWasi = "prefer_wasi",
        PreferNative = "prefer_native",
        PreferRemote = "prefer_remote",
    }
    MediaKind {
        Audio = "audio",
        Video = "video",
        Tensor = "tensor",
        Text = "text",
        File = "file",
        Json = "json",
        Binary = "binary",
        Image = "image",
    }
}

impl Dtype {
    /// Bytes of an element.
    #[must_use]
    pub fn size(self) -> u64 {
        match self {
            Self::U8 | Self::I8 | Self::Bool => 1,
            Self::U16 | Self::I16 | Self::F16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// Whether so many bytes are a tensor of this type and shape.
    ///
    /// # Errors
    /// Says how many it takes.
    pub fn check(self, shape: &[u32], bytes: usize) -> Result<(), String> {
        let mut axes = shape.iter();
        let takes = axes.try_fold(self.size(), |size, axis| size.checked_mul((*axis).into()));
        if takes == Some(bytes as u64) {
            return Ok(());
        }
        let takes = takes.map_or("too many".to_owned(), |takes| takes.to_string());
        let name = self.name();
        Err(format!(
            "{name} of shape {shape:?} takes {takes} bytes, not {bytes}"
        ))
    }
}

/// Codings of an image, in the order of the WIT's variant.
pub const IMAGE_FORMATS: &[&str] = &["jpeg", "png", "webp", "raw"];
