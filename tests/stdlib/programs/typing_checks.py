"""Generics, protocols, TypedDict, NamedTuple, hints read at run time."""

from typing import (
    Annotated,
    Any,
    Callable,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    Optional,
    Protocol,
    TypedDict,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    overload,
    runtime_checkable,
)

INPUT = {"id": 7, "mode": "fast"}

T = TypeVar("T")
UserId = NewType("UserId", int)


class Stack(Generic[T]):
    def __init__(self) -> None:
        self.items: list[T] = []

    def push(self, item: T) -> "Stack[T]":
        self.items.append(item)
        return self


@runtime_checkable
class Closes(Protocol):
    def close(self) -> None: ...


class Movie(TypedDict, total=False):
    name: str
    year: int


class Point(NamedTuple):
    x: int
    y: int = 0


class File:
    def close(self) -> None:
        pass


@overload
def double(value: int) -> int: ...
@overload
def double(value: str) -> str: ...
def double(value):
    return value * 2


def annotated(a: Annotated[int, "metres"], b: Optional[str], c: Literal["x", 1] = "x") -> Callable[[int], Any]: ...


class Program:
    def process(self, item):
        hints = get_type_hints(annotated, include_extras=True)
        return {
            "stack": Stack[int]().push(UserId(item["id"])).items,
            "origin": [get_origin(list[int]) is list, get_args(dict[str, int]) == (str, int)],
            "protocol": [isinstance(File(), Closes), isinstance(3, Closes)],
            "typed_dict": [sorted(Movie.__annotations__), sorted(Movie.__optional_keys__), Movie(name="m")],
            "point": [tuple(Point(1)), Point._field_defaults],
            "annotated": hints["a"].__metadata__,
            "optional": type(None) in get_args(hints["b"]),
            "literal": get_args(hints["c"]),
            "callable": get_args(hints["return"])[0] == [int],
            "union": [Union[int, int] is int, get_args(Union[int, str]) == (int, str), int | None == Optional[int]],
            "cast": cast(int, "unchanged"),
            "overload": [double(4), double("ab")],
            "stripped": get_type_hints(annotated)["a"] is int,
            "parameters": [p.__name__ for p in Stack.__parameters__],
        }
