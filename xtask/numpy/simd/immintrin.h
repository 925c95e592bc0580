// The same for AVX2 and FMA, of 256 bits, as two vectors of WebAssembly's each: numpy's exponentials
// and logarithms of float32 have no narrower form. A product is rounded before the sum here.
#pragma once
#include "emmintrin.h"
#include <simde/x86/avx2.h>
#include <simde/x86/fma.h>

// Nearly always all eight are meant; SIMDe looks at each.
static inline __m256 numpy_maskload_ps(const float *from, __m256i mask) {
  return simde_mm256_movemask_ps(simde_mm256_castsi256_ps(mask)) == 255
             ? simde_mm256_loadu_ps(from)
             : simde_mm256_maskload_ps(from, mask);
}
static inline void numpy_maskstore_ps(float *to, __m256i mask, __m256 value) {
  if (simde_mm256_movemask_ps(simde_mm256_castsi256_ps(mask)) == 255)
    simde_mm256_storeu_ps(to, value);
  else
    simde_mm256_maskstore_ps(to, mask, value);
}
#undef _mm256_maskload_ps
#undef _mm256_maskstore_ps
#define _mm256_maskload_ps(from, mask) numpy_maskload_ps(from, mask)
#define _mm256_maskstore_ps(to, mask, value) numpy_maskstore_ps(to, mask, value)

// SIMDe's macros take addresses of constants alone.
#undef _mm256_mask_i32gather_ps
#undef _mm256_mask_i32gather_pd
#define _mm256_mask_i32gather_ps(rest, from, indices, mask, scale) \
  simde_mm256_mask_i32gather_ps(rest, (const simde_float32 *)(from), indices, mask, scale)
#define _mm256_mask_i32gather_pd(rest, from, indices, mask, scale) \
  simde_mm256_mask_i32gather_pd(rest, (const simde_float64 *)(from), indices, mask, scale)
