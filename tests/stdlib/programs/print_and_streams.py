"""print and the standard streams, redirected; input from text."""

import builtins
import contextlib
import io
import sys

INPUT = "first\nsecond\n"


class Shouting(io.StringIO):
    def write(self, text):
        return super().write(text.upper())


class Program:
    def process(self, item):
        out, errors = Shouting(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
            print("a", 1, None, sep="-", end="!\n")
            print()
            print("to stderr", file=sys.stderr)
            print("flushed", flush=True)
            sys.stdout.writelines(["x", "y"])
        old = sys.stdin
        sys.stdin = io.StringIO(item)
        try:
            with contextlib.redirect_stdout(io.StringIO()) as prompts:
                answers = [input("one? "), input()]
            try:
                input()
            except EOFError as error:
                answers.append(type(error).__name__)
        finally:
            sys.stdin = old
        shown = []
        old_hook = sys.displayhook
        sys.displayhook = shown.append
        try:
            exec(compile("1 + 1", "<i>", "single"))
        finally:
            sys.displayhook = old_hook
        return {
            "out": out.getvalue(),
            "errors": errors.getvalue(),
            "answers": answers,
            "prompts": prompts.getvalue(),
            "shown": shown,
            "builtin": builtins.print is print,
        }
