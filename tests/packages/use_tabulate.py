"""tabulate==0.10.0: tables in text"""


class Use:
    def process(self, item):
        from tabulate import tabulate

        text = tabulate([["a", 1], ["b", 2.5]], headers=["name", "n"], tablefmt="github")
        assert text.splitlines()[0] == "| name   |   n |"
        return text
