"""xlsxwriter==3.3.1: a workbook with a chart"""


class Use:
    def process(self, item):
        import io
        import zipfile

        import xlsxwriter

        out = io.BytesIO()
        book = xlsxwriter.Workbook(out)
        sheet = book.add_worksheet("data")
        sheet.write_column("A1", [1, 2, 3])
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=data!$A$1:$A$3"})
        sheet.insert_chart("C1", chart)
        book.close()
        names = zipfile.ZipFile(out).namelist()
        assert "xl/charts/chart1.xml" in names
        return len(names)
