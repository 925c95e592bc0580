//! What Rust uses of the Python package, looked up once.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// The functions and classes of `remotemedia` that the embedding calls.
pub(crate) struct Bridge {
    pub(crate) node_infos: Py<PyAny>,
    pub(crate) describe: Py<PyAny>,
    pub(crate) describe_error: Py<PyAny>,
    pub(crate) explain: Py<PyAny>,
    pub(crate) look_around: Py<PyAny>,
    pub(crate) packages: Py<PyAny>,
    pub(crate) check_params: Py<PyAny>,
    pub(crate) classes_of_file: Py<PyAny>,
    pub(crate) open_node: Py<PyAny>,
    pub(crate) expand: Py<PyAny>,
    #[cfg(target_family = "wasm")]
    pub(crate) close_runtime: Py<PyAny>,
    #[cfg(target_family = "wasm")]
    refresh: Py<PyAny>,
    pub(crate) format_error: Py<PyAny>,
    pub(crate) deepcopy: Py<PyAny>,
    pub(crate) tensor_of: Py<PyAny>,
    pub(crate) scalar_of: Py<PyAny>,
    pub(crate) unknown_node_type: Py<PyAny>,
    pub(crate) node_unavailable: Py<PyAny>,
    pub(crate) media: Media,
}

/// The media classes, in the order of [`Media::NAMES`].
pub(crate) struct Media {
    classes: [Py<PyType>; Media::NAMES.len()],
}

impl Media {
    /// Names of the classes in `remotemedia.media`.
    pub(crate) const NAMES: [&str; 8] = [
        "Audio", "Video", "Image", "Tensor", "Text", "Binary", "File", "Control",
    ];

    /// The class of this name.
    pub(crate) fn class<'py>(&self, py: Python<'py>, name: &str) -> &Bound<'py, PyType> {
        let position = Self::NAMES
            .iter()
            .position(|known| *known == name)
            .expect("a media name");
        self.classes[position].bind(py)
    }

    /// The name of the media class that an object is an instance of.
    pub(crate) fn name_of(&self, object: &Bound<'_, PyAny>) -> Option<&'static str> {
        let py = object.py();
        let class = object.get_type();
        // SAFETY: the pointer is that of a live type object.
        let flags = unsafe { ffi::PyType_GetFlags(class.as_type_ptr()) };
        if flags & ffi::Py_TPFLAGS_HEAPTYPE == 0 {
            // A built-in type: plain data, the common case.
            return None;
        }
        Self::NAMES
            .into_iter()
            .zip(&self.classes)
            .find(|(_, media)| class.is_subclass(media.bind(py)).unwrap_or(false))
            .map(|(name, _)| name)
    }
}

static BRIDGE: PyOnceLock<Bridge> = PyOnceLock::new();

/// The bridge, imported at the first call.
pub(crate) fn get(py: Python<'_>) -> PyResult<&'static Bridge> {
    BRIDGE.get_or_try_init(py, || Bridge::import(py))
}

impl Bridge {
    fn import(py: Python<'_>) -> PyResult<Self> {
        let bridge = py.import("remotemedia.runtime.bridge")?;
        let media = py.import("remotemedia.media")?;
        let values = py.import("remotemedia.runtime.values")?;
        let class = |name| -> PyResult<Py<PyType>> {
            Ok(media.getattr(name)?.cast_into::<PyType>()?.unbind())
        };
        let [audio, video, image, tensor, text, binary, file, control] = Media::NAMES.map(class);
        let classes = [
            audio?, video?, image?, tensor?, text?, binary?, file?, control?,
        ];
        #[cfg(target_family = "wasm")]
        let embedded = py.import("remotemedia.runtime.embedded")?;
        #[cfg(target_family = "wasm")]
        embedded.call_method0("install")?;
        Ok(Self {
            node_infos: bridge.getattr("node_infos")?.unbind(),
            describe: bridge.getattr("describe")?.unbind(),
            describe_error: bridge.getattr("describe_error")?.unbind(),
            explain: bridge.getattr("explain")?.unbind(),
            look_around: bridge.getattr("look_around")?.unbind(),
            packages: bridge.getattr("packages")?.unbind(),
            check_params: bridge.getattr("check_params")?.unbind(),
            classes_of_file: bridge.getattr("classes_of_file")?.unbind(),
            open_node: bridge.getattr("open_node")?.unbind(),
            expand: bridge.getattr("expand")?.unbind(),
            #[cfg(target_family = "wasm")]
            close_runtime: bridge.getattr("close_runtime")?.unbind(),
            unknown_node_type: bridge.getattr("UnknownNodeType")?.unbind(),
            node_unavailable: bridge.getattr("NodeUnavailable")?.unbind(),
            #[cfg(target_family = "wasm")]
            refresh: embedded.getattr("refresh")?.unbind(),
            format_error: bridge.getattr("format_error")?.unbind(),
            deepcopy: py.import("copy")?.getattr("deepcopy")?.unbind(),
            tensor_of: values.getattr("tensor_of")?.unbind(),
            scalar_of: values.getattr("scalar_of")?.unbind(),
            media: Media { classes },
        })
    }

    /// After a snapshot is restored: random state, clocks, and the like.
    #[cfg(target_family = "wasm")]
    pub(crate) fn refresh(
        &self,
        py: Python<'_>,
        mark: Option<&str>,
        profiled: bool,
    ) -> PyResult<()> {
        let refreshed = match mark {
            None => self.refresh.call0(py),
            Some(mark) => self.refresh.call1(py, (mark, profiled)),
        };
        refreshed.map(|_| ())
    }
}
