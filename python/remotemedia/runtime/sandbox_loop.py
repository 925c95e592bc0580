"""The event loop of the sandbox, which has a clock but no sockets and no threads.

Nothing here depends on the sandbox, so all of it can be tested natively.
"""

from __future__ import annotations

import time
from asyncio import base_events, events, tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future, Task
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn


def stuck(tasks: Iterable[Task[Any]]) -> RuntimeError:
    """The error for a program that waits for what cannot come."""
    places = sorted(place for place in (_place(task) for task in tasks) if place)
    where = f" (waiting: {'; '.join(places[:5])})" if places else ""
    return RuntimeError(
        "the program waits for something that can never happen: "
        f"no timer is set and no task is ready{where}"
    )


def _place(task: Task[Any]) -> str | None:
    """Where a task waits, as far as that is in someone's own code."""
    awaited: Any = task.get_coro()
    found = None
    while awaited is not None:
        frame = (
            getattr(awaited, "cr_frame", None)
            or getattr(awaited, "ag_frame", None)
            or getattr(awaited, "gi_frame", None)
        )
        if frame is not None and not _internal(frame.f_code.co_filename):
            found = f"{frame.f_code.co_qualname}, {frame.f_code.co_filename}:{frame.f_lineno}"
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "ag_await", None)
    return found


def _internal(path: str) -> bool:
    path = path.replace("\\", "/")
    return "remotemedia/runtime/" in path or "/asyncio/" in path


class _Sleeper:
    """In the place of a selector: nothing ever becomes readable, so waiting is sleeping."""

    def __init__(self, loop: SandboxEventLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        """Sleep until the next timer; without one nothing can happen any more."""
        if timeout is None:
            from asyncio import all_tasks

            raise stuck(all_tasks(self._loop))
        if timeout > 0:
            time.sleep(timeout)
        return []


def call_detached(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function as if in a thread of its own: it sees no running loop and no current task.

    So it may use `asyncio.run`, as it could in a real thread.
    """
    running = events._get_running_loop()
    if running is None:
        return func(*args, **kwargs)
    # Since 3.12 there is one current task for the thread, not one for each loop.
    swap: Any = getattr(tasks, "_swap_current_task", None)
    task = swap(running, None) if swap is not None else None
    events._set_running_loop(None)
    try:
        return func(*args, **kwargs)
    finally:
        events._set_running_loop(running)
        if swap is not None:
            swap(running, task)


def _unsupported(what: str, instead: str) -> Callable[..., NoReturn]:
    def refuse(self: object, *args: object, **kwargs: object) -> NoReturn:
        raise NotImplementedError(f"{what} in the sandbox: {instead}")

    return refuse


_NETWORK = ("there are no sockets", "let the host fetch the data and pass it as input")
_PROCESS = ("there are no subprocesses", "call the code in this process instead")
_PIPE = ("pipes and file descriptors cannot be watched", "read and write files with ordinary calls")


class SandboxEventLoop(base_events.BaseEventLoop):
    """An event loop that only needs a clock.

    Timers, tasks, queues, locks and everything else in asyncio work. `run_in_executor` and
    `asyncio.to_thread` call the function at once. Network, pipes, subprocesses and signals raise
    NotImplementedError.
    """

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Sleeper(self)

    def _process_events(self, event_list: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> Future[Any]:
        """Call the function now; the future that comes back is done."""
        self._check_closed()  # type: ignore[attr-defined]
        if executor is not None:
            from asyncio import wrap_future

            return wrap_future(executor.submit(func, *args), loop=self)
        future: Future[Any] = self.create_future()
        try:
            future.set_result(call_detached(func, *args))
        except StopIteration as error:
            future.set_exception(RuntimeError(f"the function raised {error!r}"))
        except Exception as error:
            future.set_exception(error)
        return future

    def set_default_executor(self, executor: Any) -> None:
        """Has no effect: calls are made at once in any case."""

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """There is none."""

    def remove_signal_handler(self, sig: int) -> bool:
        """There is none to remove."""
        return False

    def remove_reader(self, fd: Any) -> bool:
        """There is none to remove."""
        return False

    def remove_writer(self, fd: Any) -> bool:
        """There is none to remove."""
        return False


def _refuse_the_rest() -> None:
    for names, (what, instead) in (
        ("add_signal_handler", ("signals cannot be handled", "none arrive")),
        ("add_reader add_writer connect_read_pipe connect_write_pipe", _PIPE),
        ("subprocess_exec subprocess_shell", _PROCESS),
        (
            "create_connection create_server create_unix_connection create_unix_server "
            "create_datagram_endpoint connect_accepted_socket getaddrinfo getnameinfo sock_recv "
            "sock_recv_into sock_recvfrom sock_recvfrom_into sock_sendall sock_sendto "
            "sock_connect sock_accept sock_sendfile sendfile start_tls",
            _NETWORK,
        ),
    ):
        for name in names.split():
            setattr(SandboxEventLoop, name, _unsupported(what, instead))


_refuse_the_rest()
