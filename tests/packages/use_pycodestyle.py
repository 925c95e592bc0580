"""pycodestyle==2.15.0: style checked"""


class Use:
    def process(self, item):

        import pycodestyle

        class Report(pycodestyle.BaseReport):
            found = []

            def error(self, line, offset, text, check):
                self.found.append((line, text[:4]))

        checker = pycodestyle.Checker(
            lines=["import os,sys\n", "x=1 \n"],
            report=Report(pycodestyle.StyleGuide(quiet=2).options),
        )
        checker.check_all()
        codes = {code for _, code in Report.found}
        assert {"E401", "E225", "W291"} <= codes
        return sorted(codes)
