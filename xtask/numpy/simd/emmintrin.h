// numpy's vector loops for SSE2 and SSE4.1, with SIMDe's functions of the same
// names: each is one or a few of WebAssembly's vector instructions.
#pragma once
// 16-bit floats are none of clang's types for WebAssembly.
#define SIMDE_FLOAT16_API 1
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/sse4.1.h>

// SIMDe 0.8.2 has these two give NaN whichever operand is one; SSE2 gives the
// second one then.
#undef _mm_min_pd
#undef _mm_max_pd
#define _mm_min_pd(a, b) wasm_f64x2_pmin((b), (a))
#define _mm_max_pd(a, b) wasm_f64x2_pmax((b), (a))
