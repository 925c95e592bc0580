//! What is changed in numpy's source.
//!
//! Functions that take less than they are called with: C's calling conventions don't
//! mind; a WebAssembly runtime compares the types, and the run would end. Clang names
//! these casts (`-Wcast-function-type-mismatch`), beside those of functions that CPython
//! calls by what their flags say, which are right.
//!
//! A file that has vector loops for AVX2 alone: it gets them by way of SIMDe.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

/// The file below `numpy/_core/src`, the function, what it takes, and what it has to
/// take as well.
const SHORT: &[(&str, &str, &str, &str)] = &[
    (
        "multiarray/array_converter.c",
        "array_converter_get_scalar_input",
        "PyArrayArrayConverterObject *self",
        "void *NPY_UNUSED(closure)",
    ),
    (
        "multiarray/array_method.c",
        "boundarraymethod__supports_unaligned",
        "PyBoundArrayMethodObject *self",
        "void *NPY_UNUSED(closure)",
    ),
    (
        "multiarray/convert_datatype.c",
        "_get_castingimpl",
        "PyObject *NPY_UNUSED(module), PyObject *args",
        "PyObject *NPY_UNUSED(kwargs)",
    ),
    (
        "multiarray/convert_datatype.h",
        "_get_castingimpl",
        "PyObject *NPY_UNUSED(module), PyObject *args",
        "PyObject *NPY_UNUSED(kwargs)",
    ),
    (
        "multiarray/getset.c",
        "array_descr_set",
        "PyArrayObject *self, PyObject *arg",
        "void *NPY_UNUSED(closure)",
    ),
    (
        "multiarray/scalartypes.c.src",
        "gentype___copy__",
        "PyObject *self",
        "PyObject *NPY_UNUSED(args)",
    ),
    (
        "umath/_scaled_float_dtype.c",
        "sfloat___reduce__",
        "PyArray_SFloatDescr *self",
        "PyObject *NPY_UNUSED(args)",
    ),
];

/// The file below `numpy/_core/src` with the exponentials and logarithms of float32, and
/// what comes before it: AVX2's functions (`xtask/numpy/simd/immintrin.h`) where all else
/// stays as it is elsewhere.
const WIDE: (&str, &str) = (
    "umath/loops_exponent_log.dispatch.c.src",
    "#define NPY_HAVE_AVX2 1\n\
     #define NPY_HAVE_FMA3 1\n\
     #define NPY_SIMD_FORCE_128 1\n\
     #include <immintrin.h>\n",
);

/// Gives the functions in numpy's source the parameters that they lack, and a file its
/// vector loops.
///
/// # Errors
/// Names the function that is not as it was: it may have been mended in numpy.
pub(super) fn mend(source: &Path) -> Result<()> {
    for (file, function, takes, lacks) in SHORT {
        let path = source.join("numpy/_core/src").join(file);
        let text = fs::read_to_string(&path).with_context(|| format!("no {}", path.display()))?;
        let head = format!("\n{function}({takes})");
        ensure!(
            text.matches(&head).count() == 1,
            "{} has no `{function}({takes})`",
            path.display()
        );
        let text = text.replace(&head, &format!("\n{function}({takes}, {lacks})"));
        fs::write(&path, text).with_context(|| format!("can't write {}", path.display()))?;
    }
    let (file, front) = WIDE;
    let path = source.join("numpy/_core/src").join(file);
    let text = fs::read_to_string(&path).with_context(|| format!("no {}", path.display()))?;
    fs::write(&path, format!("{front}{text}"))
        .with_context(|| format!("can't write {}", path.display()))
}
