//! NumPy's file format for arrays.

use std::borrow::Cow;

use thiserror::Error;

use crate::types::{Dtype, Tensor};

/// Why a file can't be read as a tensor.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct NpyError(Cow<'static, str>);

impl From<&'static str> for NpyError {
    fn from(reason: &'static str) -> Self {
        Self(reason.into())
    }
}

impl From<String> for NpyError {
    fn from(reason: String) -> Self {
        Self(reason.into())
    }
}

const MAGIC: &[u8] = b"\x93NUMPY";

/// Names of element types, and how long elements are.
const TYPES: [(&str, Dtype, usize); 12] = [
    ("u1", Dtype::U8, 1),
    ("i1", Dtype::I8, 1),
    ("u2", Dtype::U16, 2),
    ("i2", Dtype::I16, 2),
    ("u4", Dtype::U32, 4),
    ("i4", Dtype::I32, 4),
    ("u8", Dtype::U64, 8),
    ("i8", Dtype::I64, 8),
    ("f2", Dtype::F16, 2),
    ("f4", Dtype::F32, 4),
    ("f8", Dtype::F64, 8),
    ("b1", Dtype::Bool, 1),
];

/// Reads an array in C order as a tensor, whatever the order of its bytes.
///
/// # Errors
/// Where it is something else, is cut short, or has elements that a tensor
/// can't have.
pub fn read(bytes: &[u8]) -> Result<Tensor, NpyError> {
    let cut = || NpyError::from("it is cut short");
    let rest = bytes.strip_prefix(MAGIC).ok_or("it is not a NumPy array")?;
    let (length, rest) = match rest {
        [1, _, a, b, rest @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), rest),
        [2 | 3, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        [] | [1..=3, ..] => return Err(cut()),
        [version, ..] => return Err(format!("version {version} of the format is unknown").into()),
    };
    let (header, data) = rest.split_at_checked(length).ok_or_else(cut)?;
    let header = str::from_utf8(header).map_err(|_| "its header is not text")?;

    let descr = quoted(entry(header, "descr")?).ok_or("its elements are records")?;
    let (order, name) = descr
        .split_at_checked(1)
        .ok_or("its element type is empty")?;
    let (_, dtype, size) = TYPES
        .iter()
        .find(|(known, ..)| *known == name)
        .ok_or_else(|| format!("elements of type {descr} can't be in a tensor"))?;
    let shape = shape(entry(header, "shape")?).ok_or("its shape can't be read")?;
    if entry(header, "fortran_order")?.starts_with("True") && shape.len() > 1 {
        return Err("it is in column-major order; save np.ascontiguousarray(...)".into());
    }

    let count = shape
        .iter()
        .try_fold(*size, |product, axis| product.checked_mul(*axis as usize));
    let data = count.and_then(|count| data.get(..count)).ok_or_else(cut)?;
    let mut data = data.to_vec();
    if order == ">" {
        data.chunks_exact_mut(*size).for_each(<[u8]>::reverse);
    }
    Ok(Tensor {
        data,
        shape,
        dtype: *dtype,
        layout: None,
    })
}

/// Writes a tensor, in version 1 of the format where its shape allows.
#[must_use]
pub fn write(tensor: &Tensor) -> Vec<u8> {
    let (name, size) = TYPES
        .iter()
        .find(|(_, dtype, _)| *dtype == tensor.dtype)
        .map_or(("u1", 1), |(name, _, size)| (*name, *size));
    let order = if size == 1 { '|' } else { '<' };
    let mut shape: String = tensor
        .shape
        .iter()
        .map(|axis| format!("{axis}, "))
        .collect();
    if tensor.shape.len() > 1 {
        shape.truncate(shape.len() - 2);
    } else {
        shape.truncate(shape.trim_end().len());
    }
    let mut header =
        format!("{{'descr': '{order}{name}', 'fortran_order': False, 'shape': ({shape}), }}");
    // What comes before the header, for a header whose length fits into 16 bits:
    // those of version 2 have 32.
    let short = MAGIC.len() + 4;
    let long = header.len() + 64 > usize::from(u16::MAX);
    let before = if long { short + 2 } else { short };
    // The elements begin at a multiple of 64 bytes.
    let blanks = 63 - (before + header.len()) % 64;
    header.extend(std::iter::repeat_n(' ', blanks));
    header.push('\n');

    let mut bytes = MAGIC.to_vec();
    bytes.extend([if long { 2 } else { 1 }, 0]);
    // No shape is written with as many digits as 32 bits can count.
    let length = u32::try_from(header.len())
        .unwrap_or(u32::MAX)
        .to_le_bytes();
    bytes.extend(&length[..before - MAGIC.len() - 2]);
    bytes.extend(header.bytes());
    bytes.extend(&tensor.data);
    bytes
}

/// What follows a key of the header, which is a Python dict of a fixed form.
fn entry<'h>(header: &'h str, key: &str) -> Result<&'h str, NpyError> {
    let found = ["'", "\""].iter().find_map(|quote| {
        let (_, rest) = header.split_once(&format!("{quote}{key}{quote}"))?;
        Some(rest.trim_start().strip_prefix(':')?.trim_start())
    });
    found.ok_or_else(|| format!("its header lacks {key}").into())
}

fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text[1..].split_once(quote).map(|(inner, _)| inner)
}

fn shape(text: &str) -> Option<Vec<u32>> {
    let (inner, _) = text.strip_prefix('(')?.split_once(')')?;
    let axes = inner
        .split(',')
        .map(str::trim)
        .filter(|axis| !axis.is_empty());
    axes.map(|axis| axis.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_survive() {
        for (shape, length) in [
            (vec![], 8),
            (vec![3], 24),
            (vec![2, 3], 48),
            (vec![0, 2], 0),
            // Headers around 64 KiB, whose length has 16 bits in version 1.
            (vec![1; 21_790], 8),
            (vec![1; 21_800], 8),
            (vec![1; 21_810], 8),
            (vec![1; 21_820], 8),
            (vec![1; 21_830], 8),
            (vec![1; 100_000], 8),
        ] {
            let data = (0..length).collect();
            let tensor = Tensor {
                data,
                shape,
                dtype: Dtype::F64,
                layout: None,
            };
            let bytes = write(&tensor);
            assert_eq!((bytes.len() - tensor.data.len()) % 64, 0);
            assert_eq!(read(&bytes).unwrap(), tensor);
        }
    }

    #[test]
    fn other_orders_and_damage() {
        let file = |header: &str, data: &[u8]| {
            let length = (header.len() as u16).to_le_bytes();
            [MAGIC, &[1, 0], &length, header.as_bytes(), data].concat()
        };
        let big = "{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }";
        assert_eq!(read(&file(big, &[0, 1, 0, 2])).unwrap().data, [1, 0, 2, 0]);
        for (bytes, message) in [
            (file(big, &[0]), "it is cut short"),
            (b"x".to_vec(), "it is not a NumPy array"),
            (MAGIC.to_vec(), "it is cut short"),
            (
                file("{'descr': '<U5', 'shape': ()}", b""),
                "elements of type <U5 can't be in a tensor",
            ),
            (
                file("{'descr': [('a', '<i4')]}", b""),
                "its elements are records",
            ),
            (file("{}", b""), "its header lacks descr"),
        ] {
            assert_eq!(read(&bytes).unwrap_err().to_string(), message);
        }
    }
}
