"""The compiler for numpy, as meson calls it: clang and wasm-ld of the wheel `ziglang`.

usage: cc.py c|c++ ARGUMENTS

Clang only compiles. Modules are linked by wasm-ld itself, since clang's driver would ask for an
entry point `_initialize` that a component's linker can't resolve; options that wasm-ld does not
know are left out.
"""

import os
import subprocess
import sys

ZIG = "@ZIG@"
LIBRARIES = "@LIBRARIES@"

INCLUDES = [
    "libcxx/include",
    "libcxxabi/include",
    "include",
    "libc/include/wasm-wasi-musl",
    "libc/include/generic-musl",
    "libc/include/wasm32-wasi-any",
    "libc/include/any-wasi-any",
]
# What the headers of libc++ have to know; those of a usual installation come with such a file. The
# version and the namespace are those of the library that the component is linked with.
LIBCXX = [
    "ABI_VERSION=2",
    "ABI_NAMESPACE=__2",
    "HAS_THREADS=0",
    "HAS_MONOTONIC_CLOCK=1",
    "HAS_TERMINAL=0",
    "HAS_MUSL_LIBC=1",
    "HAS_VENDOR_AVAILABILITY_ANNOTATIONS=0",
    "HAS_FILESYSTEM=0",
    "HAS_RANDOM_DEVICE=0",
    "HAS_LOCALIZATION=1",
    "HAS_UNICODE=1",
    "HAS_WIDE_CHARACTERS=1",
    "HAS_NO_STD_MODULES",
    "PSTL_BACKEND_SERIAL",
    "HARDENING_MODE=_LIBCPP_HARDENING_MODE_NONE",
    "ASSERTION_SEMANTIC_DEFAULT=_LIBCPP_ASSERTION_SEMANTIC_IGNORE",
]
ASKS = {"-c", "-E", "-S", "-fsyntax-only", "--version", "-dumpmachine", "-print-search-dirs"}
LINKED = [
    "libpython3.14.so",
    "libc.so",
    "libc++.so",
    "libc++abi.so",
    "libwasi-emulated-signal.so",
    "cxxabi.o",
    "libbuiltins.a",
]
TARGET = ["--target=wasm32-wasip2", "-mcpu=lime1"]


def compiler(language: str, arguments: list[str]) -> list[str]:
    """Clang with the headers of the target."""
    command = [ZIG, "clang", *TARGET, "-nostdinc"]
    if language == "c++":
        # `zig clang` is clang's driver for C, whatever the language.
        command += ["--driver-mode=g++", "-nostdinc++"]
        command += [f"-D_LIBCPP_{define}" for define in LIBCXX]
        includes = INCLUDES
    else:
        includes = INCLUDES[2:]
    for folder in includes:
        command += ["-isystem", os.path.join(os.path.dirname(ZIG), "lib", folder)]
    return command + arguments


def module(arguments: list[str]) -> list[str]:
    """wasm-ld for a module: with what to link, and the libraries of the component."""
    command = [ZIG, "wasm-ld", "--shared", "--experimental-pic", "--gc-sections", "--strip-debug"]
    # The guest has CBLAS. The component's linker says what nobody has.
    command += ["--unresolved-symbols=import-dynamic"]
    rest = iter(arguments)
    for argument in rest:
        if argument == "-o":
            command += [argument, next(rest)]
        elif not argument.startswith("-"):
            command.append(argument)
    # In this order: clang's own functions serve for what libc does not have.
    return command + [os.path.join(LIBRARIES, name) for name in LINKED]


def probe(object: str, output: str) -> list[str]:
    """wasm-ld for a program that meson only links to see whether a function is there.

    Of a module it would not say what is missing.
    """
    command = [ZIG, "wasm-ld", "--no-entry", "--no-gc-sections", "--unresolved-symbols=report-all"]
    command += [f"--allow-undefined-file={LIBRARIES}/symbols.txt", object, "-o", output]
    return [*command, f"{LIBRARIES}/libbuiltins.a"]


def main(language: str, arguments: list[str]) -> int:
    """Run the one, the other, or both: meson compiles and links its probes at once."""
    if "-Wl,--version" in arguments:
        return subprocess.call([ZIG, "wasm-ld", "--version"])
    sources = [it for it in arguments if it.endswith((".c", ".cpp", ".cc"))]
    asks = any(argument in ASKS for argument in arguments)
    if asks or not arguments:
        return subprocess.call(compiler(language, arguments))
    if not sources:
        return subprocess.call(module(arguments))
    output = arguments[arguments.index("-o") + 1] if "-o" in arguments else "a.out"
    options = [it for it in arguments if it != output and not it.startswith(("-o", "-Wl,"))]
    failed = subprocess.call(compiler(language, [*options, "-c", "-o", f"{output}.o"]))
    return failed or subprocess.call(probe(f"{output}.o", output))


sys.exit(main(sys.argv[1], sys.argv[2:]))
