"""A server under test: `pipeline serve`, or stock wasmtime with the same component."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import sleep

ROOT = Path(__file__).resolve().parents[2]
JSON = {"content-type": "application/json"}
DIST = Path(os.environ.get("PIPELINE_DIST") or ROOT / "target/dist")


# Met by what hangs, on however busy a machine.
PATIENCE = 600


@dataclass
class Answer:
    """What came back for a request."""

    status: int
    media_type: str
    text: str

    def json(self) -> object:
        """The body, where it is JSON."""
        return json.loads(self.text)


class Server:
    """A process that listens."""

    def __init__(self, command: Sequence[str | Path], said: str) -> None:
        # A file, so that no pipe fills up.
        self.log = tempfile.NamedTemporaryFile()
        self.process = subprocess.Popen(command, stderr=self.log, stdout=self.log)
        self.port = self._port(said)

    def _port(self, said: str) -> int:
        while self.process.poll() is None:
            found = re.search(said + r"http://[^:]+:(\d+)", self.told())
            if found:
                return int(found[1])
            sleep(0.005)
        raise RuntimeError(self.told())

    def told(self) -> str:
        """What it has written so far."""
        return Path(self.log.name).read_text(encoding="utf-8", errors="replace")

    def request(
        self, method: str, path: str, body: bytes | None = None, **headers: str | None
    ) -> Answer:
        """Sends a request on a connection of its own: a server may close one that is idle.

        A body is JSON unless its type is given; None leaves a header out.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with closing(connection):
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            given = ({} if body is None else JSON) | given
            sent = {name: value for name, value in given.items() if value is not None}
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            text = answer.read().decode()
        return Answer(answer.status, answer.headers["content-type"], text)

    def stop(self) -> None:
        """End it, and wait for its end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()


@contextmanager
def pipeline_serve(*options: str | Path) -> Iterator[Server]:
    """`pipeline serve` on a free port."""
    server = Server(
        [DIST / "pipeline", "serve", "--addr", "127.0.0.1:0", *options], "listening on "
    )
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def wasmtime_serve(wasmtime: str | Path, *options: str | Path) -> Iterator[Server]:
    """Stock `wasmtime serve` on a free port."""
    server = Server(
        [
            *(wasmtime, "serve", "-Scli", "--addr", "127.0.0.1:0"),
            *("--dir", f"{DIST / 'stdlib'}::/stdlib", "--dir", f"{DIST / 'python'}::/python"),
            *options,
            DIST / "pipeline-http.wasm",
        ],
        "Serving HTTP on ",
    )
    try:
        yield server
    finally:
        server.stop()
