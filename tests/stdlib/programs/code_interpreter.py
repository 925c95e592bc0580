"""codeop and code: lines fed to an interpreter one by one."""

import code
import codeop
import contextlib
import io

INPUT = ["x = 6", "def double(n):", "    return n * 2", "", "double(x)", "y = (1 +", "2)", "y", "1 +* 2", "z"]


class Program:
    def process(self, item):
        out, errors = io.StringIO(), []
        console = code.InteractiveConsole({"__name__": "console"})
        console.write = errors.append
        more = []
        with contextlib.redirect_stdout(out):
            for line in item:
                more.append(bool(console.push(line)))
        compiled = codeop.compile_command("a = 1\n")
        try:
            codeop.compile_command("a b")
        except SyntaxError as error:
            refused = type(error).__name__
        return {
            "more": more,
            "output": out.getvalue().split(),
            "errors": [text.strip().splitlines()[-1].split(":")[0] for text in errors if "Error" in text],
            "names": sorted(n for n in console.locals if not n.startswith("_")),
            "incomplete": [codeop.compile_command("if x:") is None, compiled is not None],
            "refused": refused,
        }
