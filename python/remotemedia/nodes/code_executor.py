"""A node that runs code that comes as text."""

from __future__ import annotations

import builtins
import linecache
import sys
from types import ModuleType

from ..core.exceptions import telling
from ..core.node import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Unpack

    from ..core.node import NodeOptions

_LEFT_OUT = frozenset(
    "open input eval exec compile breakpoint exit quit help copyright credits license".split()
)
_BUILTINS = {
    name: value
    for name, value in vars(builtins).items()
    if name not in _LEFT_OUT and (name[0] != "_" or name == "__build_class__")
}
_SAFE_MODULES = ("math", "json", "base64")
_MISSING = object()
_FILE = "<code>"
"""What tracebacks name as the file of the code."""


class CodeExecutorNode(Node):
    """Run Python code on each item; what it leaves in `result` is the result.

    The code comes from the params or from the item (`{"code": ..., "input": ...}`) and finds the
    input as `input_data`. It runs as a module `__main__` of its own, with the built-in names but
    for those that read files or run code, and with modules only as allowed. That keeps out
    accidents, not attackers: what protects the machine is the sandbox around the whole run.
    Failures are data: a dict with `error`, `error_type`, `line` and `traceback`.
    """

    def __init__(
        self,
        code: str | None = None,
        input_data: Any = None,
        enable_safe_imports: bool = False,
        enable_pickle: bool = False,
        enable_cloudpickle: bool = False,
        allowed_modules: list[str] | None = None,
        **options: Unpack[NodeOptions],
    ) -> None:
        super().__init__(**options)
        self.default_code = code
        self.default_input_data = input_data
        self.enable_safe_imports = enable_safe_imports
        self.enable_pickle = enable_pickle
        self.enable_cloudpickle = enable_cloudpickle
        self.allowed_modules = list(allowed_modules or ())
        self._compiled: tuple[str, Any] | None = None

    def process(self, data: Any) -> dict[str, Any]:
        """Run the code."""
        by = f"CodeExecutorNode[{self.name}]"
        code, given = self.default_code, self.default_input_data
        if isinstance(data, dict) and ("code" in data or "input" in data or code is None):
            code, given = data.get("code", code), data.get("input", given)
        elif data is not None:
            if code is None:
                return {
                    "error": "Input must be a dictionary or None",
                    "input": data,
                    "processed_by": by,
                }
            given = data
        if code is None:
            if data is None:
                message = "No code provided and no default code configured"
                return {"error": message, "processed_by": by}
            message = "Input must contain 'code' key or have default code configured"
            return {"error": message, "input": data, "processed_by": by}
        try:
            result = self._run(code, given)
        except (Exception, SystemExit) as error:
            return {
                "error": telling(error),
                **_place(error),
                "code": code,
                "input": given,
                "processed_by": by,
            }
        return {
            "executed_code": code,
            "input": given,
            "result": result,
            "processed_by": by,
            "node_config": self.config,
        }

    def _run(self, code: str, given: Any) -> Any:
        if self._compiled is None or self._compiled[0] != code:
            self._compiled = code, compile(code, _FILE, "exec", dont_inherit=True)
        # Tracebacks show the lines.
        linecache.cache[_FILE] = len(code), None, code.splitlines(True), _FILE
        own = ModuleType("__main__")
        scope = own.__dict__
        scope["__builtins__"] = {**_BUILTINS, "__import__": self._import}
        scope["input_data"] = given
        for module in self._modules():
            try:
                scope[module] = __import__(module)
            except ImportError:
                continue  # the error comes when the code uses it
        # Classes are looked up by the name of their module, by dataclasses for one.
        outer = sys.modules.get("__main__", _MISSING)
        sys.modules["__main__"] = own
        try:
            exec(self._compiled[1], scope)
        finally:
            if outer is _MISSING:
                del sys.modules["__main__"]
            else:
                sys.modules["__main__"] = outer  # type: ignore[assignment]
        result = scope.get("result", _MISSING)
        return "No result variable set" if result is _MISSING else result

    def _modules(self) -> list[str]:
        modules = list(_SAFE_MODULES) if self.enable_safe_imports else []
        if self.enable_safe_imports and self.enable_pickle:
            modules.append("pickle")
        if self.enable_safe_imports and self.enable_cloudpickle:
            modules.append("cloudpickle")
        return modules + self.allowed_modules

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        allowed = self._modules()
        if level or not any(name == m or name.startswith(f"{m}.") for m in allowed):
            listing = ", ".join(allowed) if allowed else "none"
            raise ImportError(f"module {name!r} is not allowed here (allowed: {listing})")
        return __import__(name, globals, locals, fromlist or (), level)

    def get_security_info(self) -> dict[str, Any]:
        """What the code may do."""
        return {
            "security_level": "MINIMAL - INSECURE",
            "safe_imports_enabled": self.enable_safe_imports,
            "pickle_enabled": self.enable_pickle,
            "cloudpickle_enabled": self.enable_cloudpickle,
            "allowed_modules": self.allowed_modules,
            "warning": "The code runs with all rights of this process. Use the sandbox.",
        }

    def _extract_params(self) -> dict[str, Any]:
        params = super()._extract_params()
        params.update(code=self.default_code, input_data=self.default_input_data)
        return params


def _place(error: BaseException) -> dict[str, Any]:
    """The type of an error, its line in the code, and the traceback from there."""
    from traceback import TracebackException

    summary = TracebackException.from_exception(error)
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    pending: list[TracebackException] = [summary]
    while pending:
        part = pending.pop()
        at = [i for i, frame in enumerate(part.stack) if frame.filename == _FILE]
        if part is summary and at:
            line = part.stack[at[-1]].lineno
        # What is above the code is this node and what calls it.
        below = part.stack[at[0] if at else len(part.stack) :]
        part.stack[:] = [frame for frame in below if frame.filename != __file__]
        for frame in part.stack:
            # Marks below the lines are not the same in every version.
            frame.colno = None
        pending.extend(p for p in (part.__cause__, part.__context__) if p is not None)
        pending.extend(part.exceptions or ())
    return {
        "error_type": type(error).__name__,
        "line": line,
        "traceback": "".join(summary.format()).rstrip("\n"),
    }
