//! Gives CPython our allocator for its objects.

use std::ffi::c_void;
use std::ptr;

use pyo3::ffi;

use crate::alloc::Heap;
use crate::alloc::shared::heap;

/// Installs the allocator. Call it before Python starts.
pub(super) fn install() {
    let mut allocator = ffi::PyMemAllocatorEx {
        ctx: heap().cast(),
        malloc: Some(malloc),
        calloc: Some(calloc),
        realloc: Some(realloc),
        free: Some(free),
    };
    let domains = [
        ffi::PyMemAllocatorDomain::PYMEM_DOMAIN_RAW,
        ffi::PyMemAllocatorDomain::PYMEM_DOMAIN_MEM,
        ffi::PyMemAllocatorDomain::PYMEM_DOMAIN_OBJ,
    ];
    for domain in domains {
        // SAFETY: Python has allocated nothing yet, and the functions live as
        // long as the program.
        unsafe { ffi::PyMem_SetAllocator(domain, &raw mut allocator) };
    }
}

/// From now on objects go to memory that holds no others yet.
pub(super) fn seal() {
    // SAFETY: the component has one thread, and this is not called from
    // within the allocator.
    unsafe { (*heap()).seal() }
}

/// Lets what `work` allocates lie side by side, whatever its size.
pub(super) fn pack(work: impl FnOnce()) {
    // SAFETY: the component has one thread, and this is not called from
    // within the allocator.
    unsafe { (*heap()).pack(true) };
    work();
    // SAFETY: as above.
    unsafe { (*heap()).pack(false) };
}

// In each of these `context` is the heap, and the component has one thread, so
// that no two borrows of it overlap.

extern "C" fn malloc(context: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: see above.
    unsafe { (*context.cast::<Heap>()).malloc(size).cast() }
}

extern "C" fn calloc(context: *mut c_void, count: usize, size: usize) -> *mut c_void {
    let Some(size) = count.checked_mul(size) else {
        return ptr::null_mut();
    };
    // SAFETY: see above; a block that is not null has `size` bytes.
    unsafe {
        let block = (*context.cast::<Heap>()).malloc(size);
        if !block.is_null() {
            block.write_bytes(0, size);
        }
        block.cast()
    }
}

extern "C" fn realloc(context: *mut c_void, block: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: see above; Python gives back what it got.
    unsafe { (*context.cast::<Heap>()).realloc(block.cast(), size).cast() }
}

extern "C" fn free(context: *mut c_void, block: *mut c_void) {
    // SAFETY: see above; Python gives back what it got.
    unsafe { (*context.cast::<Heap>()).free(block.cast()) }
}
