"""The same interface on wasmtime-py: a host that this project did not write.

It shows that the component runs in any host: `pip install remotemedia[wasmtime]`. It is slower
than `remotemedia.sandbox.Sandbox`, and has no sessions.
"""

from __future__ import annotations

import hashlib
import math
import os
import stat
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import wasmtime
from wasmtime import component

from ..runtime.results import GraphInfo, PipelineRunError, RunResult, show
from ..runtime.source import manifest_text
from . import arena
from .errors import LimitError

_EXECUTOR = "remotemedia:pipeline/executor@0.2.0"


# How often it is looked whether a run's time is over, in seconds.
_TICK = 0.05


class Sandbox:
    """Runs pipelines in the component, each in a fresh instance.

    `dist` is the folder that the build makes: `pipeline.wasm`, `stdlib`, `python`; by default what
    the environment variable PIPELINE_DIST names. `nodes` are directories with modules of your own,
    which the sandbox can read.

    Limits have the names and defaults of the program `pipeline`; None lifts one. `timeout` is how
    many seconds an instance may live, `max_memory` how many MiB of memory it may have, and
    `max_items` how many items may go in, and how many outputs may come out. A node that sleeps is
    stopped when it wakes. What nodes print goes nowhere.
    """

    def __init__(
        self,
        dist: str | os.PathLike[str] | None = None,
        *,
        nodes: Iterable[str | os.PathLike[str]] = (),
        timeout: float | None = 300,
        max_memory: int | None = 2048,
        max_items: int | None = 10_000_000,
    ) -> None:
        named = dist or os.environ.get("PIPELINE_DIST")
        if not named:
            raise ValueError("no dist: give the folder of the build, or set PIPELINE_DIST")
        self.dist = Path(named)
        self.nodes = [Path(directory) for directory in nodes]
        self.timeout = timeout
        self.max_memory = max_memory
        self.max_items = max_items
        for needed in (self.dist / "pipeline.wasm", *self.nodes):
            if not needed.exists():
                raise FileNotFoundError(f"{needed} is not there")
        config = wasmtime.Config()
        config.epoch_interruption = True
        self._engine = wasmtime.Engine(config)
        self._clock = _Clock(self._engine)
        self._component = _load(self._engine, self.dist / "pipeline.wasm")
        self._linker = component.Linker(self._engine)
        self._linker.add_wasip2()

    def run(
        self,
        manifest: dict[str, Any] | str | os.PathLike[str],
        inputs: Sequence[object] | None = None,
    ) -> RunResult:
        """Run a pipeline: a manifest, its text, or a path to it.

        Raises PipelineRunError where the pipeline fails, and LimitError where it meets a limit.
        """
        text = manifest_text(manifest)
        with _Instance(self) as instance:
            return self._run(instance, text, inputs)

    def _run(self, instance: _Instance, text: str, inputs: Sequence[object] | None) -> RunResult:
        loading = instance.call("load", text)
        loaded = loading.payload
        if loading.tag == "err":
            problems = [_show(diagnostic) for diagnostic in loaded.diagnostics]
            raise PipelineRunError("invalid-manifest", "; ".join(problems), problems=problems)
        items: list[component.Variant] | None = None
        if inputs is not None:
            items = [arena.lower_item(item, f"inputs[{i}]") for i, item in enumerate(inputs)]
        else:
            given = arena.field(loaded, "input_data")
            if given is not None:
                items = list(given)
        if items is None:
            result = instance.call("execute", loaded.manifest)
        else:
            self._allow_items(len(items))
            given = [arena.record(node_id=None, item=item) for item in items]
            result = instance.call("execute-with-input", loaded.manifest, given)
        if result.tag == "err":
            raise self._error(result.payload)
        outputs = _outputs(result.payload.outputs)
        self._allow_items(sum(map(len, outputs.values())))
        return RunResult(
            outputs,
            _graph(result.payload.graph),
            [_show(warning) for warning in loaded.warnings],
        )

    def _allow_items(self, count: int) -> None:
        if self.max_items is not None and count > self.max_items:
            raise LimitError(f"there are more items than the limit of {self.max_items}")

    def _error(self, error: Any) -> PipelineRunError:
        traceback = error.traceback
        for directory in self.nodes:
            if traceback:
                # The user's own path says more than the one inside.
                inside = f'File "/nodes/{directory.resolve().name}/'
                traceback = traceback.replace(inside, f'File "{directory}{os.sep}')
        return PipelineRunError(
            error.kind,
            error.message,
            arena.field(error, "node_id"),
            arena.field(error, "node_type"),
            error.item,
            traceback,
            [item for items in _outputs(error.outputs).values() for item in items],
            [_show(diagnostic) for diagnostic in error.diagnostics],
        )

    def list_nodes(self) -> list[dict[str, Any]]:
        """The node types: name, language, summary, and why one can't be used."""
        names = ("node_type", "language", "summary", "streaming", "source", "unavailable")
        with _Instance(self) as instance:
            infos = instance.call("list-nodes")
        return [{name: arena.field(info, name) for name in names} for info in infos]


class _Clock:
    """Moves an engine's epoch while there are runs whose time is bounded."""

    def __init__(self, engine: wasmtime.Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._runs = 0

    def begin(self) -> None:
        """Begin to move it, for one run more."""
        with self._lock:
            self._runs += 1
            if self._runs == 1:
                threading.Thread(target=self._tick, daemon=True).start()

    def end(self) -> None:
        """No longer, for one run."""
        with self._lock:
            self._runs -= 1

    def _tick(self) -> None:
        while True:
            time.sleep(_TICK)
            with self._lock:
                if self._runs == 0:
                    return
            self._engine.increment_epoch()


class _Instance:
    """A fresh instance of the component, whose time begins now."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._store = wasmtime.Store(sandbox._engine)
        if sandbox.max_memory is not None:
            self._store.set_limits(memory_size=sandbox.max_memory << 20)
        wasi = wasmtime.WasiConfig()
        for name in ("stdlib", "python"):
            if (sandbox.dist / name).is_dir():
                wasi.preopen_dir(str(sandbox.dist / name), f"/{name}", False)
        for directory in sandbox.nodes:
            wasi.preopen_dir(str(directory), f"/nodes/{directory.resolve().name}", False)
        self._store.set_wasi(wasi)

    def __enter__(self) -> _Instance:
        sandbox = self._sandbox
        if sandbox.timeout is None:
            self._store.set_epoch_deadline(1 << 60)
        else:
            # A tick may come at once.
            self._store.set_epoch_deadline(math.ceil(sandbox.timeout / _TICK) + 1)
            sandbox._clock.begin()
        try:
            self._instance = sandbox._linker.instantiate(self._store, sandbox._component)
        except wasmtime.WasmtimeError as error:
            self.__exit__()
            raise self._fault(error) from None
        self._executor = self._instance.get_export_index(self._store, _EXECUTOR)
        return self

    def __exit__(self, *_: object) -> None:
        if self._sandbox.timeout is not None:
            self._sandbox._clock.end()

    def call(self, name: str, *arguments: Any) -> Any:
        """Call one of the executor's functions."""
        index = self._instance.get_export_index(self._store, name, self._executor)
        function = self._instance.get_func(self._store, index) if index else None
        if function is None:
            raise LimitError(f"the component has no function {name}")
        try:
            result = function(self._store, *arguments)
            function.post_return(self._store)
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            raise self._fault(error) from None
        return result

    def _fault(self, error: Exception) -> LimitError:
        said = str(error)
        if "interrupt" in said:
            limit = f"its limit of {self._sandbox.timeout} s"
            return LimitError(f"the run took longer than {limit} and was stopped")
        reason = said.strip().splitlines()[-1] if said.strip() else type(error).__name__
        return LimitError(f"the component failed: {reason}")


def _show(diagnostic: Any) -> str:
    fields = {name: getattr(diagnostic, name) for name in ("path", "message", "help")}
    place = diagnostic.location
    line, column = (None, None) if place is None else (place.line, place.column)
    return show({**fields, "line": line, "column": column})


def _outputs(outputs: Any) -> dict[str, list[Any]]:
    return {
        arena.field(given, "node_id"): [arena.lift_item(item) for item in given.items]
        for given in outputs
    }


def _graph(graph: Any) -> GraphInfo:
    return GraphInfo(
        arena.field(graph, "node_count"),
        arena.field(graph, "sink_count"),
        arena.field(graph, "source_count"),
        arena.field(graph, "execution_order"),
    )


def _load(engine: wasmtime.Engine, path: Path) -> component.Component:
    """The component, compiled once and kept in the user's cache by what it is made of."""
    wasm = path.read_bytes()
    version = getattr(wasmtime, "__version__", "")
    key = hashlib.sha256(version.encode() + b"\0" + wasm).hexdigest()
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    cached = Path(home) / "remotemedia-sandbox" / f"{key}.cwasm"
    try:
        compiled = _trusted(cached)
        return component.Component.deserialize(engine, compiled)
    except (OSError, ValueError, wasmtime.WasmtimeError):
        pass
    made = component.Component(engine, wasm)
    try:
        cached.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        compiled = bytes(made.serialize())
        with tempfile.NamedTemporaryFile(dir=cached.parent, delete=False) as file:
            file.write(hashlib.sha256(compiled).digest() + compiled)
        os.replace(file.name, cached)
    except OSError:
        pass  # the next time compiles again
    return made


def _trusted(path: Path) -> bytes:
    """Compiled code from a file, which begins with its checksum.

    It is run as it is, so it is only taken from a file that belongs to this user, in a directory
    of the same kind, that nobody else may write to; and what is judged is what is open.

    Raises:
        OSError: There is no such file, or it is a link.
        ValueError: Others could have written it, or it is damaged.
    """
    directory = os.open(path.parent, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        opened = os.open(path.name, flags, dir_fd=directory)
        with open(opened, "rb") as file:
            for facts in (os.fstat(directory), os.fstat(opened)):
                if facts.st_uid != os.getuid() or facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                    raise ValueError("others could have written it")
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise ValueError("it is no file")
            checksum, compiled = file.read(32), file.read()
    finally:
        os.close(directory)
    if hashlib.sha256(compiled).digest() != checksum:
        raise ValueError("it is damaged")
    return compiled
