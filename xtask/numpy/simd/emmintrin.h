// numpy's vector loops for SSE2 and SSE4.1, with SIMDe's functions of the same
// names: each is one or a few of WebAssembly's vector instructions.
#pragma once
// 16-bit floats are none of clang's types for WebAssembly.
#define SIMDE_FLOAT16_API 1
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/sse4.1.h>
