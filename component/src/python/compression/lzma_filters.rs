//! Chains of filters, as `lzma`'s callers describe them.

use lzma_rust2::{EncodeMode, FilterConfig, FilterType, LzmaOptions, MfType};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyMapping};

use super::lzma::{LZMAError, unsupported};

/// The filter's numbers in the format; `LZMA1` is none that a file can name.
pub(super) const LZMA1: u64 = 0x4000_0000_0000_0001;
pub(super) const LZMA2: u64 = 0x21;
const DELTA: u64 = 0x03;

const PRESET_EXTREME: u32 = 1 << 31;
const DEFAULT_PRESET: u32 = 6;

/// A chain: filters that change data so that it packs better, then what packs
/// it.
pub(super) struct Chain {
    pub(super) before: Vec<FilterConfig>,
    /// Whether it is LZMA2, and not LZMA1.
    pub(super) two: bool,
    pub(super) options: LzmaOptions,
}

enum Filter {
    Before(FilterConfig),
    Last { two: bool, options: LzmaOptions },
}

impl Chain {
    /// Reads a chain.
    pub(super) fn read(filters: &Bound<'_, PyAny>) -> PyResult<Self> {
        const MOST: usize = 4;
        let count = filters.len()?;
        if count > MOST {
            return Err(PyValueError::new_err(
                "Too many filters - liblzma supports a maximum of 4",
            ));
        }
        let mut before = Vec::new();
        for index in 0..count {
            match Filter::read(&filters.get_item(index)?)? {
                Filter::Before(filter) => before.push(filter),
                Filter::Last { two, options } if index + 1 == count => {
                    return Ok(Self {
                        before,
                        two,
                        options,
                    });
                }
                Filter::Last { .. } => break,
            }
        }
        Err(unsupported())
    }
}

impl Filter {
    fn read(filter: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mapping = filter.cast::<PyMapping>().map_err(|_| {
            PyTypeError::new_err("Filter specifier must be a dict or dict-like object")
        })?;
        if !mapping.contains("id")? {
            return Err(PyValueError::new_err(
                "Filter specifier must have an \"id\" entry",
            ));
        }
        let id = mapping.get_item("id")?.extract()?;
        match id {
            LZMA1 | LZMA2 => Ok(Self::Last {
                two: id == LZMA2,
                options: options(mapping)?,
            }),
            DELTA => {
                known(mapping, &["id", "dist"], "delta")?;
                let distance = get(mapping, "dist")?.unwrap_or(1);
                if !(1..=256).contains(&distance) {
                    return Err(unsupported());
                }
                Ok(Self::Before(FilterConfig::new_delta(distance)))
            }
            id => {
                let filter_type = machine(id)?;
                known(mapping, &["id", "start_offset"], "BCJ")?;
                Ok(Self::Before(FilterConfig {
                    filter_type,
                    property: get(mapping, "start_offset")?.unwrap_or(0),
                }))
            }
        }
    }
}

/// The filter for the code of a kind of machine.
fn machine(id: u64) -> PyResult<FilterType> {
    FilterType::try_from(id)
        .ok()
        .filter(|it| !matches!(it, FilterType::Lzma2 | FilterType::Delta))
        .ok_or_else(|| PyValueError::new_err(format!("Invalid filter ID: {id}")))
}

fn get<'py, T: FromPyObjectOwned<'py>>(
    mapping: &Bound<'py, PyMapping>,
    key: &str,
) -> PyResult<Option<T>> {
    if !mapping.contains(key)? {
        return Ok(None);
    }
    let value = mapping.get_item(key)?.extract().map_err(Into::into)?;
    Ok(Some(value))
}

/// Refuses keys that are none of a filter's.
fn known(mapping: &Bound<'_, PyMapping>, keys: &[&str], what: &str) -> PyResult<()> {
    for key in mapping.keys()?.iter() {
        if !key.extract::<&str>().is_ok_and(|key| keys.contains(&key)) {
            return Err(PyValueError::new_err(format!(
                "Invalid filter specifier for {what} filter"
            )));
        }
    }
    Ok(())
}

/// The options of a preset, `6 | PRESET_EXTREME` or the like.
pub(super) fn preset(preset: Option<u32>) -> PyResult<LzmaOptions> {
    let preset = preset.unwrap_or(DEFAULT_PRESET);
    let level = preset & !PRESET_EXTREME;
    if level > 9 {
        return Err(unsupported());
    }
    let mut options = LzmaOptions::with_preset(level);
    if preset & PRESET_EXTREME != 0 {
        options.mode = EncodeMode::Normal;
        options.mf = MfType::Bt4;
        (options.nice_len, options.depth_limit) = match level {
            3 | 5 => (192, 0),
            _ => (273, 512),
        };
    }
    Ok(options)
}

fn options(mapping: &Bound<'_, PyMapping>) -> PyResult<LzmaOptions> {
    const KEYS: &[&str] = &[
        "id",
        "preset",
        "dict_size",
        "lc",
        "lp",
        "pb",
        "mode",
        "nice_len",
        "mf",
        "depth",
    ];
    known(mapping, KEYS, "LZMA")?;
    let mut options = preset(get(mapping, "preset")?)?;
    let set = |key: &str, place: &mut u32| -> PyResult<()> {
        if let Some(value) = get(mapping, key)? {
            *place = value;
        }
        Ok(())
    };
    set("dict_size", &mut options.dict_size)?;
    set("lc", &mut options.lc)?;
    set("lp", &mut options.lp)?;
    set("pb", &mut options.pb)?;
    set("nice_len", &mut options.nice_len)?;
    if let Some(depth) = get::<i32>(mapping, "depth")? {
        options.depth_limit = depth;
    }
    options.mode = match get::<u32>(mapping, "mode")? {
        None => options.mode,
        Some(1) => EncodeMode::Fast,
        Some(2) => EncodeMode::Normal,
        Some(_) => return Err(unsupported()),
    };
    // The two kinds of search that there are; those for fewer bytes only
    // search less.
    options.mf = match get::<u32>(mapping, "mf")? {
        None => options.mf,
        Some(3 | 4) => MfType::Hc4,
        Some(18..=20) => MfType::Bt4,
        Some(_) => return Err(unsupported()),
    };
    let fits = options.lc + options.lp <= 4
        && options.pb <= 4
        && (4096..=(3 << 29)).contains(&options.dict_size)
        && (2..=273).contains(&options.nice_len);
    options.nice_len = options.nice_len.max(LzmaOptions::NICE_LEN_MIN);
    if fits {
        Ok(options)
    } else {
        Err(unsupported())
    }
}

/// A filter's properties, as they stand in a file.
pub(super) fn encode<'py>(filter: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let bytes = match Filter::read(filter)? {
        Filter::Last { two: true, options } => vec![two_size(options.dict_size)],
        Filter::Last { options, .. } => {
            let mut bytes = vec![options.get_props()];
            bytes.extend(options.dict_size.to_le_bytes());
            bytes
        }
        Filter::Before(config) if config.filter_type == FilterType::Delta => {
            vec![u8::try_from(config.property - 1).unwrap_or(u8::MAX)]
        }
        Filter::Before(FilterConfig { property: 0, .. }) => Vec::new(),
        Filter::Before(config) => config.property.to_le_bytes().to_vec(),
    };
    Ok(PyBytes::new(filter.py(), &bytes))
}

/// LZMA2's byte for a size of dictionary, or the next larger one that it has.
fn two_size(size: u32) -> u8 {
    (0..40)
        .find(|byte| size_of_two(*byte) >= size)
        .unwrap_or(40)
}

fn size_of_two(byte: u8) -> u32 {
    (2 | u32::from(byte & 1)) << (byte / 2 + 11)
}

/// A filter from its properties.
pub(super) fn decode<'py>(
    py: Python<'py>,
    id: u64,
    properties: &[u8],
) -> PyResult<Bound<'py, PyDict>> {
    let filter = PyDict::new(py);
    filter.set_item("id", id)?;
    let word = |bytes: &[u8]| bytes.try_into().map(u32::from_le_bytes);
    match (id, properties) {
        (LZMA1, [props, size @ ..]) if *props < 225 => {
            let size = word(size).map_err(|_| unsupported())?;
            filter.set_item("dict_size", size)?;
            filter.set_item("lc", props % 9)?;
            filter.set_item("lp", props / 9 % 5)?;
            filter.set_item("pb", props / 45)?;
        }
        (LZMA2, [byte @ 0..=39]) => filter.set_item("dict_size", size_of_two(*byte))?,
        (LZMA2, [40]) => filter.set_item("dict_size", u32::MAX)?,
        (DELTA, [distance]) => filter.set_item("dist", u32::from(*distance) + 1)?,
        (LZMA1 | LZMA2 | DELTA, _) => return Err(unsupported()),
        (id, properties) => {
            machine(id).map_err(|_| LZMAError::new_err("Invalid or unsupported options"))?;
            if !properties.is_empty() {
                filter.set_item("start_offset", word(properties).map_err(|_| unsupported())?)?;
            }
        }
    }
    Ok(filter)
}
