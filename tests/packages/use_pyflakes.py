"""pyflakes==4.1.0: mistakes found"""


class Use:
    def process(self, item):
        import io

        from pyflakes.api import check
        from pyflakes.reporter import Reporter

        out = io.StringIO()
        count = check("import os\nprint(x)\n", "a.py", Reporter(out, out))
        assert count == 2 and "undefined name 'x'" in out.getvalue()
        return count
