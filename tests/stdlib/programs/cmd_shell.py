"""A line-oriented command shell fed from text."""

import cmd
import io

INPUT = "add 3 4\nadd x\nunknown thing\n\nhelp add\nundo\nquit\nadd 100 100\n"


class Shell(cmd.Cmd):
    prompt = "> "
    use_rawinput = False

    def __init__(self, text):
        self.out = io.StringIO()
        super().__init__(stdin=io.StringIO(text), stdout=self.out)
        self.total, self.log = 0, []

    def do_add(self, line):
        """Add numbers."""
        try:
            self.total += sum(map(int, line.split()))
        except ValueError:
            self.log.append(f"bad: {line}")

    def do_undo(self, line):
        self.log.append("undo")

    def do_quit(self, line):
        return True

    def default(self, line):
        self.log.append(f"unknown: {line}")

    def emptyline(self):
        self.log.append("empty")


class Program:
    def process(self, item):
        shell = Shell(item)
        shell.cmdloop()
        return {
            "total": shell.total,
            "log": shell.log,
            "help": "Add numbers." in shell.out.getvalue(),
            "prompts": shell.out.getvalue().count("> "),
            "complete": sorted(shell.completenames("u")),
            "parsed": shell.parseline("add 1 2"),
        }
