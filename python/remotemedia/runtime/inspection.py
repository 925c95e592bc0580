"""What a node class says about itself: its summary, its params, whether it streams.

Read from code objects rather than with `inspect`, whose import alone costs more than all of this.
"""

from __future__ import annotations

from .values import shown, shown_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_VARARGS, _VARKEYWORDS, _GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x04, 0x08, 0x20, 0x80, 0x200
_BASE_OPTIONS = ("name", "enable_state", "state_ttl", "max_sessions")


class ParamInfo:
    """One param of a node type."""

    __slots__ = ("default", "name", "required", "type")

    def __init__(self, name: str, type: str, required: bool, default: object) -> None:
        self.name = name
        self.type = type
        self.required = required
        self.default = default

    def __repr__(self) -> str:
        tail = "" if self.required else f" = {self.default!r}"
        return f"<{self.name}: {self.type}{tail}>"


class ParamProblem:
    """Something wrong with one param."""

    __slots__ = ("message", "param")

    def __init__(self, param: str, message: str) -> None:
        self.param = param
        self.message = message

    def __repr__(self) -> str:
        return f"<{self.param}: {self.message}>"


class NodeInfo:
    """What is known of a node type without making a node."""

    __slots__ = ("node_type", "params", "source", "streaming", "summary", "unavailable")

    def __init__(
        self,
        node_type: str,
        summary: str,
        params: list[ParamInfo],
        streaming: bool,
        source: bool,
        unavailable: str | None = None,
    ) -> None:
        self.node_type = node_type
        self.summary = summary
        self.params = params
        self.streaming = streaming
        self.source = source
        self.unavailable = unavailable

    def __repr__(self) -> str:
        tail = f", unavailable: {self.unavailable}" if self.unavailable else ""
        return f"<{self.node_type}({', '.join(p.name for p in self.params)}){tail}>"


class Signature:
    """The params of an `__init__` and what else it takes."""

    __slots__ = ("annotations", "open", "params", "takes")

    def __init__(self) -> None:
        self.params: list[ParamInfo] = []
        self.annotations: dict[str, object] = {}
        self.takes: set[str] = set()
        """Names that may be passed although they are not among the params."""
        self.open = False
        """Whether unknown params are taken as well."""


def unwrap(function: object) -> Any:
    """The innermost function of a method and of decorators that keep `__wrapped__`."""
    for _ in range(32):
        inner = getattr(function, "__func__", None) or getattr(function, "__wrapped__", None)
        if inner is None:
            break
        function = inner
    return function


def _annotations(function: Any) -> dict[str, object]:
    try:
        return dict(function.__annotations__)
    except Exception:  # an annotation that cannot be evaluated (3.14 evaluates them late)
        from annotationlib import Format, get_annotations  # type: ignore[import-not-found,unused-ignore]

        return dict(get_annotations(function, format=Format.STRING))


def type_text(annotation: object, default: object = None) -> str:
    """An annotation as readable text."""
    if annotation is None:
        return "any" if default is None else type(default).__name__
    if isinstance(annotation, str):
        text = annotation.strip("'\"")
    elif isinstance(annotation, type) and not hasattr(annotation, "__args__"):
        return annotation.__name__
    else:
        text = repr(annotation)
    return text.replace("typing.", "").replace("NoneType", "None")


def _read_init(cls: type, function: Any, signature: Signature) -> bool:
    """Add one `__init__`'s params. Says whether it passes more on through its **kwargs."""
    code = getattr(function, "__code__", None)
    if code is None:
        signature.open = function is not object.__init__
        return False
    count, keyword_only = code.co_argcount, code.co_kwonlyargcount
    names = code.co_varnames[: count + keyword_only]
    defaults = function.__defaults__ or ()
    with_default = dict(zip(names[count - len(defaults) : count], defaults, strict=True))
    with_default.update(function.__kwdefaults__ or {})
    annotations = _annotations(function)
    first = not signature.params and not signature.takes
    for name in names[1:]:
        if name in signature.takes or any(param.name == name for param in signature.params):
            continue
        annotation = annotations.get(name)
        signature.annotations[name] = annotation
        # A class further up gets its params from the class below, which may fill them in itself.
        required = name not in with_default and first
        default = with_default.get(name)
        plain = default if is_plain(default) else None
        signature.params.append(ParamInfo(name, type_text(annotation, default), required, plain))
    if not code.co_flags & _VARKEYWORDS:
        return False
    variadic = code.co_varnames[count + keyword_only + bool(code.co_flags & _VARARGS)]
    if "NodeOptions" in str(annotations.get(variadic, "")):
        signature.takes.update(_BASE_OPTIONS)
        return False
    return True


def init_signature(cls: type) -> Signature:
    """What `cls(...)` takes, up to the base class `Node`, whose own options are not listed."""
    from ..core.node import Node

    signature = Signature()
    for base in cls.__mro__:
        init = base.__dict__.get("__init__")
        if init is None:
            continue
        if base is Node or base is object:
            # Its **kwargs take anything into `config`.
            if base is Node:
                signature.takes.update(_BASE_OPTIONS)
                signature.open = True
            break
        if not _read_init(cls, unwrap(init), signature):
            break
        signature.open = True
    return signature


def declared_params(cls: type) -> list[ParamInfo]:
    """The params of `cls`, without the options that every node takes."""
    return init_signature(cls).params


def is_plain(value: object, depth: int = 0) -> bool:
    """Whether a value is plain data, so that it can be shown as a default."""
    if value is None or type(value) in (bool, int, float, str, bytes):
        return True
    if depth > 8:
        return False
    if type(value) in (list, tuple):
        return all(is_plain(item, depth + 1) for item in value)  # type: ignore[attr-defined]
    if type(value) is dict:
        return all(type(k) is str and is_plain(v, depth + 1) for k, v in value.items())
    return False


def summary(cls: type) -> str:
    """The first line of the class's own docstring."""
    text = (cls.__doc__ or "").strip()
    return text.split("\n", 1)[0].strip().rstrip(".")


def takes_item(process: object) -> bool:
    """Whether a bound `process` can be called with an item."""
    code = getattr(unwrap(process), "__code__", None)
    if code is None:
        return True
    bound = hasattr(process, "__self__")
    return bool(code.co_flags & _VARARGS) or code.co_argcount > (1 if bound else 0)


def needs_item(process: object) -> bool:
    """Whether a bound `process` cannot be called without an item."""
    function = unwrap(process)
    code = getattr(function, "__code__", None)
    if code is None:
        return True
    bound = 1 if hasattr(process, "__self__") else 0
    return bool(code.co_argcount - len(function.__defaults__ or ()) > bound)


def is_generator_function(process: object) -> bool:
    """Whether calling it gives a generator, ordinary or async."""
    code = getattr(unwrap(process), "__code__", None)
    return code is not None and bool(code.co_flags & (_GENERATOR | _ASYNC_GENERATOR))


def is_async_function(process: object) -> bool:
    """Whether calling it runs nothing yet: a coroutine function or an async generator function."""
    code = getattr(unwrap(process), "__code__", None)
    return code is not None and bool(code.co_flags & (_COROUTINE | _ASYNC_GENERATOR))


_STREAMS = ("AsyncIterator", "AsyncIterable", "AsyncGenerator", "ItemStream")


def item_annotation(process: object) -> str:
    """The annotation of the item of a `process`, bound or not, as text; empty where it has none."""
    function = unwrap(process)
    code = getattr(function, "__code__", None)
    if code is None:
        return ""
    annotations = _annotations(function)
    if not annotations:
        return ""
    names = code.co_varnames[: code.co_argcount]
    item = names[1:2] if names[:1] == ("self",) or hasattr(process, "__self__") else names[:1]
    found = annotations.get(item[0]) if item else None
    return "" if found is None else type_text(found)


def _named(annotation: str, names: tuple[str, ...]) -> bool:
    """Whether the annotation, or a member of the union that it is, is one of these classes."""
    heads = (member.split("[", 1)[0].strip() for member in _alternatives(annotation))
    return any(head.rpartition(".")[2] in names for head in heads)


def takes_runtime_data(node: object) -> bool:
    """Whether a node, or a class of nodes, gets its items as RuntimeData."""
    if getattr(node, "takes_runtime_data", False):
        return True
    return _named(item_annotation(getattr(node, "process", None)), ("RuntimeData",))


def takes_stream(node: object) -> bool:
    """Whether a node, or a class of nodes, gets one async iterator over all items.

    Its `is_streaming` says so, or the annotation of what its `process` takes. A node that gets
    RuntimeData gets it item by item: the SDK's newer nodes mean something else by `is_streaming`.
    """
    annotation = item_annotation(getattr(node, "process", None))
    if annotation and _named(annotation, _STREAMS):
        return True
    return getattr(node, "is_streaming", False) is True and not takes_runtime_data(node)


def takes_config(cls: type) -> bool:
    """Whether nodes of the class are made of a NodeConfig, as those of MultiprocessNode are."""
    if not getattr(cls, "takes_runtime_data", False):
        return False
    signature = init_signature(cls)
    return signature.open or any(param.name == "config" for param in signature.params)


def class_is_source(cls: type) -> bool:
    """Whether nodes of the class make items of their own."""
    if getattr(cls, "takes_input", False):
        return False
    if getattr(cls, "is_source", False) is True:
        return True
    process = cls.__dict__.get("process") or getattr(cls, "process", None)
    if isinstance(process, staticmethod):
        return not takes_item(process.__func__)
    code = getattr(unwrap(process), "__code__", None)
    return code is not None and not code.co_flags & _VARARGS and code.co_argcount <= 1


def inspect_class(node_type: str, cls: type) -> NodeInfo:
    """Everything there is to know of a class."""
    params = declared_params(cls)
    if takes_config(cls):
        params = [param for param in params if param.name not in ("node_id", "config")]
    return NodeInfo(
        node_type,
        summary(cls),
        params,
        takes_stream(cls),
        class_is_source(cls),
    )


_MOST_LETTERS = 64
_MOST_NAMES = 1000
_MOST_PROBLEMS = 100
_MOST_HINTS = 20


def nearest(name: str, known: list[str]) -> str | None:
    """The known name that was probably meant.

    Long names come from mistakes of another kind, and comparing them takes quadratic time.
    """
    if len(name) > _MOST_LETTERS:
        return None
    known = [item for item in known[:_MOST_NAMES] if len(item) <= _MOST_LETTERS]
    try:
        from difflib import get_close_matches
    except ModuleNotFoundError:
        # In the sandbox of a host that grants no standard library.
        return None

    found = get_close_matches(name, known, 1, 0.6)
    if not found:
        by_lower = {item.lower(): item for item in known}
        found = [by_lower[m] for m in get_close_matches(name.lower(), list(by_lower), 1, 0.6)]
    return found[0] if found else None


def check_params(cls: type, params: dict[str, object]) -> list[ParamProblem]:
    """What is wrong with these params for this class."""
    from ..core.node import Node

    if takes_config(cls):
        return []  # the params are in the config, whatever they are
    signature = init_signature(cls)
    known = {param.name: param for param in signature.params}
    problems: list[ParamProblem] = []
    for name, value in params.items():
        if len(problems) >= _MOST_PROBLEMS:
            break
        param = known.get(name)
        if param is None:
            if not signature.open and name not in _BASE_OPTIONS:
                hint = len(problems) < _MOST_HINTS
                problems.append(ParamProblem(name, _unknown(name, list(known), hint)))
            continue
        if value is None and not param.required and param.default is None:
            continue
        message = _mismatch(signature.annotations.get(name), value)
        if message:
            problems.append(ParamProblem(name, f"param `{name}`: {message}"))
    for param in signature.params:
        if param.required and param.name not in params and param.name != "node_id":
            problems.append(ParamProblem(param.name, f"missing required param `{param.name}`"))
    if not problems and issubclass(cls, Node):
        problems.extend(ParamProblem(*problem) for problem in cls._check_params(params))
    return problems


def _unknown(name: str, known: list[str], hint: bool) -> str:
    meant = nearest(name, known) if hint else None
    maybe = f": did you mean `{meant}`?" if meant else ""
    listing = ", ".join(known) if known else "it takes none"
    return f"unknown param `{shown(name)}`{maybe} (known: {listing})"


_PLAIN: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (float, int),
    "str": (str,),
    "bool": (bool,),
    "bytes": (bytes,),
    "list": (list, tuple),
    "tuple": (list, tuple),
    "dict": (dict,),
    "none": (type(None),),
}


def _alternatives(text: str) -> list[str]:
    """The members of a union, written either way."""
    text = text.replace("typing.", "").strip()
    for prefix, extra in (("Optional[", ["None"]), ("Union[", [])):
        if text.startswith(prefix) and text.endswith("]"):
            return _split(text[len(prefix) : -1], "," if prefix == "Union[" else "|") + extra
    return _split(text, "|")


def _split(text: str, separator: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        if char in "[(":
            depth += 1
        elif char in "])":
            depth -= 1
        elif char == separator and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    parts.append(text[start:].strip())
    return parts


def _mismatch(annotation: object, value: object) -> str | None:
    """Say what is wrong if the annotation names plain types and the value is none of them."""
    if annotation is None:
        return None
    text = type_text(annotation)
    allowed: list[type] = []
    for member in _alternatives(text):
        types = _PLAIN.get(member.split("[", 1)[0].lower())
        if types is None:
            return None
        allowed.extend(types)
    if isinstance(value, bool):
        fits = bool in allowed
    else:
        fits = isinstance(value, tuple(allowed))
    if fits:
        return None
    return f"expected {text}, got {type(value).__name__} {shown_value(value)}"
