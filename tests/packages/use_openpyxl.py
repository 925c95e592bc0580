"""openpyxl==3.1.5: a workbook, written to a file and read again"""


class Use:
    def process(self, item):
        import os
        import tempfile

        from openpyxl import Workbook, load_workbook
        from openpyxl.styles import Font

        book = Workbook()
        sheet = book.active
        sheet["A1"] = "total"
        sheet["A1"].font = Font(bold=True)
        for row in range(2, 50):
            sheet.append([row, row * 1.5])
        sheet["C1"] = "=SUM(A2:A49)"
        path = os.path.join(tempfile.mkdtemp(), "book.xlsx")
        book.save(path)
        again = load_workbook(path).active
        assert (
            again["A1"].font.b and again["B2"].value == 3.0 and again["C1"].value == "=SUM(A2:A49)"
        )
        return again.max_row
