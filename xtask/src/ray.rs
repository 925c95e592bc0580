//! Python with Ray and the package's wheel, for what runs on them: too large
//! for the tools that each change is tested with.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::stamp::{self, Inputs};
use crate::{python, shell, test, wheel};

const PACKAGES: &[&str] = &[
    "ray[data]==2.60.0",
    "pandas==3.1.1",
    "dask[dataframe]==2026.8.0",
];

/// Makes the environment, where that has not been done, with the wheel of what
/// was built, and gives its Python.
///
/// # Errors
/// Says which command failed.
pub(crate) fn environment(dist: &Path) -> Result<PathBuf> {
    let tools = test::python_tools()?;
    let wheel = wheel::build(dist, &tools)?;
    let mut packages = PACKAGES.to_vec();
    packages.extend(test::requirements(&[
        "numpy", "pyarrow", "pytest", "wasmtime",
    ]));
    let python = python::environment("Ray", "python-ray", &packages)?;
    let done = crate::target().join("python-ray/wheel.txt");
    let inputs = Inputs::new("ray", &[include_str!("ray.rs")])
        .text(&packages.join(" "))
        .file(&wheel)?;
    stamp::unless_done("install the wheel beside Ray", inputs, &done, || {
        shell::output(
            shell::command(&python, &crate::root())
                .args(["-m", "pip", "install", "--quiet", "--force-reinstall"])
                .args(["--disable-pip-version-check", "--no-deps"])
                .arg(&wheel),
        )?;
        Ok(fs::write(&done, wheel.as_os_str().as_encoded_bytes())?)
    })?;
    Ok(python)
}

/// Runs the tests of the mapper in Ray, in Dask and in processes, and the
/// example.
///
/// # Errors
/// Says which command failed.
pub(crate) fn test(dist: &Path) -> Result<()> {
    let python = environment(dist)?;
    let tests = crate::root().join("tests/ray");
    shell::run(
        shell::command(python, &crate::root())
            .args(["-m", "pytest", "-q", "--rootdir"])
            .arg(&tests)
            .arg("-c")
            .arg(tests.join("pytest.ini"))
            .arg(&tests)
            .env_remove("PIPELINE_DIST"),
    )
}
