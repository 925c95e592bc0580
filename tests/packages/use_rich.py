"""rich==15.0.0: tables, markup and syntax, as text"""


class Use:
    def process(self, item):
        import io

        from rich.console import Console
        from rich.syntax import Syntax
        from rich.table import Table

        console = Console(
            file=io.StringIO(), width=60, force_terminal=True, color_system="truecolor"
        )
        table = Table(title="Names")
        table.add_column("name")
        table.add_row("[bold]one[/bold]")
        console.print(table)
        console.print(Syntax("def f(): pass", "python"))
        text = console.file.getvalue()
        assert "Names" in text and "\x1b[1m" in text and "─" in text
        return len(text.splitlines())
