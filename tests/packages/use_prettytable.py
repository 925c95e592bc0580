"""prettytable==3.18.0: tables in text"""


class Use:
    def process(self, item):
        from prettytable import PrettyTable

        table = PrettyTable(["City", "Area"])
        table.add_row(["Adelaide", 1295])
        table.add_row(["Darwin", 112])
        table.sortby = "Area"
        text = table.get_string()
        assert text.index("Darwin") < text.index("Adelaide")
        return table.get_csv_string()
