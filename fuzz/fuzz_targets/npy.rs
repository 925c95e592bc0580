//! Any bytes as a NumPy array: what is read is a whole tensor, and is written so
//! that it is read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pipeline_fuzz::files::{read_npy, write_npy};
use pipeline_fuzz::types::Dtype;

fuzz_target!(|bytes: &[u8]| {
    let Ok(tensor) = read_npy(bytes) else { return };
    let size = match tensor.dtype {
        Dtype::U8 | Dtype::I8 | Dtype::Bool => 1,
        Dtype::U16 | Dtype::I16 | Dtype::F16 => 2,
        Dtype::U32 | Dtype::I32 | Dtype::F32 => 4,
        Dtype::U64 | Dtype::I64 | Dtype::F64 => 8,
    };
    let count: usize = tensor.shape.iter().map(|axis| *axis as usize).product();
    assert_eq!(tensor.data.len(), count * size);
    let written = write_npy(&tensor);
    assert_eq!(read_npy(&written).as_ref(), Ok(&tensor));
});
