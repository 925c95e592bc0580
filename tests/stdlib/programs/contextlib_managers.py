"""Context managers: generators, ExitStack, suppress, redirect, closing, decorators."""

import contextlib
import io

INPUT = ["a", "b", "boom", "c"]


class Program:
    def process(self, item):
        events = []

        @contextlib.contextmanager
        def opened(name):
            events.append(f"open {name}")
            try:
                yield name.upper()
            except ValueError as error:
                events.append(f"swallowed {error}")
            finally:
                events.append(f"close {name}")

        with contextlib.ExitStack() as stack:
            values = [stack.enter_context(opened(name)) for name in item[:2]]
            stack.callback(events.append, "callback")
            raise ValueError(item[2])
        with contextlib.suppress(KeyError, IndexError):
            [][1]
            events.append("never")
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            print("captured", end="")

        @opened("decorated")
        def work():
            return "done"

        with contextlib.ExitStack() as outer:
            outer.push(lambda kind, error, trace: events.append(kind.__name__ if kind else "no error"))
            kept = outer.pop_all()
        kept.close()
        with contextlib.nullcontext("null") as nothing, contextlib.closing(io.StringIO("x")) as closing:
            pass
        return {
            "values": values,
            "captured": out.getvalue(),
            "worked": work(),
            "null": nothing,
            "closed": closing.closed,
            "events": events,
        }
