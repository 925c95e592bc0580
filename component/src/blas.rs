//! The functions of CBLAS that numpy calls, over the crate `matrixmultiply`.
//!
//! The linker of the component gives them to numpy, which was compiled for
//! them. Without them, numpy multiplies matrices with plain loops.

use std::ops::{Add, AddAssign, Mul};
use std::slice;

use matrixmultiply::CGemmOption::Standard;
use num_complex::{Complex32, Complex64};

/// `CBLAS_ORDER`: rows one after the other.
const ROW_MAJOR: i32 = 101;
/// `CBLAS_TRANSPOSE`: the matrix as it is.
const NO_TRANS: i32 = 111;
/// `CBLAS_TRANSPOSE`: rows become columns. numpy asks for no conjugates.
const TRANS: i32 = 112;

/// A type of elements.
trait Scalar:
    Copy + Default + Add<Output = Self> + Mul<Output = Self> + AddAssign + PartialEq + 'static
{
    /// `c = alpha a b + beta c`. What `c` held does not matter where `beta`
    /// is 0.
    ///
    /// # Safety
    /// The matrices must lie in memory that may be read, and `c`, which
    /// overlaps no other, in memory that may be written.
    unsafe fn multiply(
        size: Size,
        alpha: Self,
        a: Matrix<Self>,
        b: Matrix<Self>,
        beta: Self,
        c: Matrix<Self>,
    );
}

/// Rows of the result, what is summed, columns of the result.
type Size = [usize; 3];

/// A matrix in memory: where it begins, and how far its rows and its columns
/// are from each other.
#[derive(Clone, Copy)]
struct Matrix<T> {
    data: *const T,
    row: isize,
    column: isize,
}

impl<T> Matrix<T> {
    /// A matrix as CBLAS describes it.
    fn new(data: *const T, leading: i32, order: i32, trans: i32) -> Self {
        let leading = leading as isize;
        let by_rows = (order == ROW_MAJOR) == (trans == NO_TRANS);
        Self {
            data,
            row: if by_rows { leading } else { 1 },
            column: if by_rows { 1 } else { leading },
        }
    }
}

/// A vector in memory: its elements, and how far they are from each other.
#[derive(Clone, Copy)]
struct Vector<T> {
    data: *const T,
    length: usize,
    step: isize,
}

impl<T: Scalar> Vector<T> {
    /// A vector as CBLAS describes it: one that runs backwards begins at its
    /// end.
    fn new(data: *const T, length: i32, step: i32) -> Self {
        let (length, step) = (usize::try_from(length).unwrap_or(0), step as isize);
        let back = length.saturating_sub(1) as isize * step.min(0);
        Self {
            data: data.wrapping_offset(-back),
            length,
            step,
        }
    }

    /// The elements, where they lie side by side.
    ///
    /// # Safety
    /// They must lie in memory that may be read, and isn't written meanwhile.
    unsafe fn as_slice<'a>(self) -> Option<&'a [T]> {
        // SAFETY: the caller's promise.
        (self.step == 1).then(|| unsafe { slice::from_raw_parts(self.data, self.length) })
    }

    /// Where an element is.
    fn at(self, index: usize) -> *mut T {
        let offset = index as isize * self.step;
        self.data.wrapping_offset(offset).cast_mut()
    }
}

/// The sum of the products of two vectors' elements.
///
/// # Safety
/// The vectors must be of the same length and lie in memory that may be read.
unsafe fn dot<T: Scalar>(x: Vector<T>, y: Vector<T>, product: impl Fn(T, T) -> T) -> T {
    const LANES: usize = 16;
    let mut sum = T::default();
    // SAFETY: the caller's promise.
    let both = unsafe { x.as_slice().zip(y.as_slice()) };
    let Some((x, y)) = both else {
        for index in 0..x.length {
            // SAFETY: the caller's promise.
            sum += unsafe { product(*x.at(index), *y.at(index)) };
        }
        return sum;
    };
    // Independent sums, which the compiler puts into vectors.
    let mut lanes = [sum; LANES];
    let (xs, ys) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let rest = xs.remainder().iter().zip(ys.remainder());
    for (x, y) in xs.zip(ys) {
        for (lane, (x, y)) in lanes.iter_mut().zip(x.iter().zip(y)) {
            *lane += product(*x, *y);
        }
    }
    for (x, y) in rest {
        sum += product(*x, *y);
    }
    for lane in lanes {
        sum += lane;
    }
    sum
}

/// `y = a x + y`.
///
/// # Safety
/// The vectors must be of the same length, `x` lie in memory that may be read,
/// and `y`, which does not overlap it, in memory that may be written.
unsafe fn axpy<T: Scalar>(a: T, x: Vector<T>, y: Vector<T>) {
    // SAFETY: the caller's promise.
    if let Some(x) = unsafe { x.as_slice() }
        && y.step == 1
    {
        // SAFETY: the caller's promise.
        let y = unsafe { slice::from_raw_parts_mut(y.data.cast_mut(), y.length) };
        for (y, x) in y.iter_mut().zip(x) {
            *y += a * *x;
        }
        return;
    }
    for index in 0..x.length {
        // SAFETY: the caller's promise.
        unsafe { *y.at(index) += a * *x.at(index) };
    }
}

/// `y = alpha a x + beta y`. What `y` held does not matter where `beta` is 0.
///
/// # Safety
/// `a`, with as many rows as `y` is long and as many columns as `x` is, and `x`
/// must lie in memory that may be read, and `y`, which does not overlap them, in
/// memory that may be written.
unsafe fn gemv<T: Scalar>(alpha: T, a: Matrix<T>, x: Vector<T>, beta: T, y: Vector<T>) {
    let zero = T::default();
    let line = |at: usize, apart: isize, length, step| Vector {
        data: a.data.wrapping_offset(at as isize * apart),
        length,
        step,
    };
    for index in 0..y.length {
        // SAFETY: the caller's promise.
        unsafe {
            let kept = if beta == zero {
                zero
            } else {
                beta * *y.at(index)
            };
            let sum = if a.column == 1 {
                alpha * dot(line(index, a.row, x.length, 1), x, |a, x| a * x)
            } else {
                zero
            };
            *y.at(index) = kept;
            *y.at(index) += sum;
        }
    }
    if a.column != 1 {
        for index in 0..x.length {
            // SAFETY: the caller's promise.
            unsafe {
                let column = line(index, a.column, y.length, a.row);
                axpy(alpha * *x.at(index), column, y);
            }
        }
    }
}

/// A type of elements with its product of matrices.
macro_rules! scalar {
    ($type:ty, $gemm:ident($($option:expr)*)) => {
        impl Scalar for $type {
            unsafe fn multiply(
                [m, k, n]: Size,
                alpha: Self,
                a: Matrix<Self>,
                b: Matrix<Self>,
                beta: Self,
                c: Matrix<Self>,
            ) {
                // SAFETY: the caller's promise. A complex number is laid out
                // as the pair that the crate takes for one.
                unsafe {
                    matrixmultiply::$gemm(
                        $($option, $option,)*
                        m,
                        k,
                        n,
                        alpha.into_parts(),
                        a.data.cast(),
                        a.row,
                        a.column,
                        b.data.cast(),
                        b.row,
                        b.column,
                        beta.into_parts(),
                        c.data.cast_mut().cast(),
                        c.row,
                        c.column,
                    );
                }
            }
        }
    };
}

/// A number as the crate takes it.
trait IntoParts {
    type Parts;

    fn into_parts(self) -> Self::Parts;
}

macro_rules! into_parts {
    ($($type:ty => $parts:ty, $value:expr;)*) => {$(
        impl IntoParts for $type {
            type Parts = $parts;

            fn into_parts(self) -> $parts {
                let value: fn(Self) -> $parts = $value;
                value(self)
            }
        }
    )*};
}

into_parts! {
    f32 => f32, |it| it;
    f64 => f64, |it| it;
    Complex32 => [f32; 2], |it| [it.re, it.im];
    Complex64 => [f64; 2], |it| [it.re, it.im];
}
scalar!(f32, sgemm());
scalar!(f64, dgemm());
scalar!(Complex32, cgemm(Standard));
scalar!(Complex64, zgemm(Standard));

/// Sizes as CBLAS has them.
fn size(m: i32, k: i32, n: i32) -> Size {
    [m, k, n].map(|it| usize::try_from(it).unwrap_or(0))
}

/// The functions for one type of elements; `$by` is how constants come: by
/// value, or for complex numbers by pointer.
macro_rules! functions {
    ($type:ty, $by:ty, $value:expr, $gemm:ident, $gemv:ident, $syrk:ident, $axpy:ident) => {
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $gemm(
            order: i32,
            trans_a: i32,
            trans_b: i32,
            m: i32,
            n: i32,
            k: i32,
            alpha: $by,
            a: *const $type,
            lda: i32,
            b: *const $type,
            ldb: i32,
            beta: $by,
            c: *mut $type,
            ldc: i32,
        ) {
            let value: fn($by) -> $type = $value;
            let a = Matrix::new(a, lda, order, trans_a);
            let b = Matrix::new(b, ldb, order, trans_b);
            let c = Matrix::new(c, ldc, order, NO_TRANS);
            // SAFETY: what CBLAS asks of its callers.
            unsafe { <$type>::multiply(size(m, k, n), value(alpha), a, b, value(beta), c) }
        }

        #[unsafe(no_mangle)]
        unsafe extern "C" fn $gemv(
            order: i32,
            trans: i32,
            m: i32,
            n: i32,
            alpha: $by,
            a: *const $type,
            lda: i32,
            x: *const $type,
            step_x: i32,
            beta: $by,
            y: *mut $type,
            step_y: i32,
        ) {
            let value: fn($by) -> $type = $value;
            let (m, n) = if trans == NO_TRANS { (m, n) } else { (n, m) };
            let a = Matrix::new(a, lda, order, trans);
            let (x, y) = (Vector::new(x, n, step_x), Vector::new(y, m, step_y));
            // SAFETY: what CBLAS asks of its callers.
            unsafe { gemv(value(alpha), a, x, value(beta), y) }
        }

        /// The whole of `c` is written, and not just one triangle: numpy fills
        /// in the other one itself.
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $syrk(
            order: i32,
            _triangle: i32,
            trans: i32,
            n: i32,
            k: i32,
            alpha: $by,
            a: *const $type,
            lda: i32,
            beta: $by,
            c: *mut $type,
            ldc: i32,
        ) {
            let value: fn($by) -> $type = $value;
            let other = if trans == NO_TRANS { TRANS } else { NO_TRANS };
            let b = Matrix::new(a, lda, order, other);
            let a = Matrix::new(a, lda, order, trans);
            let c = Matrix::new(c, ldc, order, NO_TRANS);
            // SAFETY: what CBLAS asks of its callers.
            unsafe { <$type>::multiply(size(n, k, n), value(alpha), a, b, value(beta), c) }
        }

        #[unsafe(no_mangle)]
        unsafe extern "C" fn $axpy(
            n: i32,
            alpha: $by,
            x: *const $type,
            step_x: i32,
            y: *mut $type,
            step_y: i32,
        ) {
            let value: fn($by) -> $type = $value;
            let (x, y) = (Vector::new(x, n, step_x), Vector::new(y, n, step_y));
            // SAFETY: what CBLAS asks of its callers.
            unsafe { axpy(value(alpha), x, y) }
        }
    };
}

/// The product of two real vectors.
macro_rules! real_dot {
    ($type:ty, $dot:ident) => {
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $dot(
            n: i32,
            x: *const $type,
            step_x: i32,
            y: *const $type,
            step_y: i32,
        ) -> $type {
            let (x, y) = (Vector::new(x, n, step_x), Vector::new(y, n, step_y));
            // SAFETY: what CBLAS asks of its callers.
            unsafe { dot(x, y, |x, y| x * y) }
        }
    };
}

/// The product of two complex vectors.
macro_rules! complex_dot {
    ($type:ty, $product:expr, $dot:ident) => {
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $dot(
            n: i32,
            x: *const $type,
            step_x: i32,
            y: *const $type,
            step_y: i32,
            result: *mut $type,
        ) {
            let (x, y) = (Vector::new(x, n, step_x), Vector::new(y, n, step_y));
            // SAFETY: what CBLAS asks of its callers.
            unsafe { *result = dot(x, y, $product) }
        }
    };
}

functions!(
    f32,
    f32,
    |it| it,
    cblas_sgemm,
    cblas_sgemv,
    cblas_ssyrk,
    cblas_saxpy
);
functions!(
    f64,
    f64,
    |it| it,
    cblas_dgemm,
    cblas_dgemv,
    cblas_dsyrk,
    cblas_daxpy
);
functions!(
    Complex32,
    *const Complex32,
    // SAFETY: CBLAS gives pointers to constants that can be read.
    |it| unsafe { *it },
    cblas_cgemm,
    cblas_cgemv,
    cblas_csyrk,
    cblas_caxpy
);
functions!(
    Complex64,
    *const Complex64,
    // SAFETY: as above.
    |it| unsafe { *it },
    cblas_zgemm,
    cblas_zgemv,
    cblas_zsyrk,
    cblas_zaxpy
);
real_dot!(f32, cblas_sdot);
real_dot!(f64, cblas_ddot);
complex_dot!(Complex32, |x, y| x * y, cblas_cdotu_sub);
complex_dot!(Complex64, |x, y| x * y, cblas_zdotu_sub);
complex_dot!(Complex32, |x, y| x.conj() * y, cblas_cdotc_sub);
complex_dot!(Complex64, |x, y| x.conj() * y, cblas_zdotc_sub);
