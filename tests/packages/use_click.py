"""click==8.5.1: a command line, called by its own runner"""


class Use:
    def process(self, item):
        import click
        from click.testing import CliRunner

        @click.command()
        @click.option("--count", default=1, show_default=True)
        @click.argument("name")
        def hello(count, name):
            for _ in range(count):
                click.echo(f"Hello {name}!")

        result = CliRunner().invoke(hello, ["--count", "2", "World"])
        assert result.exit_code == 0 and result.output == "Hello World!\nHello World!\n"
        assert "[default: 1]" in CliRunner().invoke(hello, ["--help"]).output
        return result.output
