"""Stands in for libffi.

Types can be declared, as packages do when they are imported: they have sizes, and can be made
arrays and pointers of. No value of them can be made and no library be loaded.
"""

from __future__ import annotations

from struct import calcsize
from typing import Any

from remotemedia.runtime.standins import missing

_refuse = missing("ctypes", "no C library can be loaded; look for a pure-Python package")

__version__ = "1.1.0"
RTLD_LOCAL, RTLD_GLOBAL = 0, 256
SIZEOF_TIME_T = 8
FUNCFLAG_CDECL, FUNCFLAG_PYTHONAPI = 1, 4
FUNCFLAG_USE_ERRNO, FUNCFLAG_USE_LASTERROR = 8, 16
_memmove_addr = _memset_addr = _string_at_addr = _wstring_at_addr = _cast_addr = 0
_memoryview_at_addr = 0

# What `struct` has no letter for, or another size.
_SIZES = {"O": "P", "z": "P", "Z": "P", "u": "i", "g": "d", "D": "dd", "F": "ff", "G": "dd"}


class ArgumentError(Exception):
    """Would say that an argument does not fit a function."""


class CField:
    """Would be a member of a structure."""

    __init__ = _refuse


class _Type(type):
    """The type of C types."""

    def __mul__(cls, length: int) -> type:
        return _Type(
            f"{cls.__name__}_Array_{length}", (Array,), {"_type_": cls, "_length_": length}
        )

    __rmul__ = __mul__

    def from_param(cls, value: object) -> object:
        return value

    from_buffer = from_buffer_copy = from_address = in_dll = _refuse


class _Data(metaclass=_Type):
    _fields_: Any = ()

    def __init__(self, *_: object, **__: object) -> None:
        _refuse()


class _SimpleCData(_Data):
    pass


class Structure(_Data):
    """Would be a struct of C."""


class Union(_Data):
    """Would be a union of C."""


class Array(_Data):
    """Would be an array of C."""


class _Pointer(_Data):
    _type_: type

    @classmethod
    def set_type(cls, kind: type) -> None:
        cls._type_ = kind


class CFuncPtr(metaclass=_Type):
    """Would be a function of C. `ctypes` itself makes some, which no one may call."""

    def __init__(self, *_: object) -> None:
        pass

    __call__ = _refuse


def dlopen(name: str | None, mode: int = 0) -> int:
    """Opens nothing but this program itself, in which nothing can be found."""
    if name is not None:
        raise OSError(f"{name}: the sandbox can't load C libraries; look for a pure-Python package")
    return 0


def sizeof(kind: Any) -> int:
    """Bytes of a type."""
    letter = getattr(kind, "_type_", "B")
    if issubclass(kind, Array):
        return int(kind._length_) * sizeof(letter)
    if issubclass(kind, _SimpleCData):
        return calcsize(_SIZES.get(letter, letter))
    if issubclass(kind, (_Pointer, CFuncPtr)):
        return calcsize("P")
    sizes = [sizeof(field[1]) for field in kind._fields_]
    return max(sizes, default=0) if issubclass(kind, Union) else sum(sizes)


def alignment(kind: Any) -> int:
    """As far as it matters without values."""
    return min(sizeof(kind), 8) or 1


def get_errno() -> int:
    """No function of C was called."""
    return 0


def set_errno(value: int) -> int:
    """Nothing looks at it."""
    return 0


byref = addressof = resize = POINTER = pointer = buffer_info = call_function = _refuse
PyObj_FromPtr = Py_INCREF = Py_DECREF = dlsym = dlclose = _refuse
