"""Command lines: options, subcommands, types, errors; help is not shown, it changes."""

import argparse
import contextlib
import io

INPUT = [
    ["--verbose", "run", "a.json", "b.json", "--limit", "5"],
    ["run", "a.json", "--format=yaml", "-vv"],
    ["list"],
    ["run"],
    ["run", "x", "--limit", "many"],
    ["fly"],
]


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be positive")
    return value


class Program:
    def process(self, item):
        parser = argparse.ArgumentParser("tool", exit_on_error=True)
        parser.add_argument("-V", "--verbose", action="store_true")
        commands = parser.add_subparsers(dest="command", required=True)
        run = commands.add_parser("run")
        run.add_argument("files", nargs="+")
        run.add_argument("--limit", type=positive, default=10)
        run.add_argument("--format", choices=["json", "yaml"], default="json")
        run.add_argument("-v", action="count", default=0, dest="level")
        group = run.add_mutually_exclusive_group()
        group.add_argument("--fast", action="store_const", const=3, dest="speed")
        group.add_argument("--slow", action="store_const", const=1, dest="speed")
        commands.add_parser("list")
        results = []
        for arguments in item:
            errors = io.StringIO()
            with contextlib.redirect_stderr(errors):
                try:
                    results.append(vars(parser.parse_args(arguments)))
                except SystemExit as stop:
                    results.append({"exit": stop.code, "said": "error" in errors.getvalue()})
        known, rest = argparse.ArgumentParser().parse_known_args(["--x", "1"])
        shell = argparse.ArgumentParser()
        shell.add_argument("--pair", nargs=2, action="append")
        shell.add_argument("--no-cache", dest="cache", action="store_false")
        shell.add_argument("--flag", action=argparse.BooleanOptionalAction)
        return {
            "results": results,
            "rest": rest,
            "more": vars(shell.parse_args(["--pair", "a", "1", "--pair", "b", "2", "--no-flag"])),
            "exclusive": _fails(parser, ["run", "x", "--fast", "--slow"]),
        }


def _fails(parser, arguments):
    with contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(SystemExit):
        parser.parse_args(arguments)
        return False
    return True
