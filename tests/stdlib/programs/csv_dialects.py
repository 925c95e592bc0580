"""CSV in several dialects, read and written."""

import csv
import io

INPUT = 'name,note,amount\r\n"Smith, John","said ""hi""",10\r\nplain,"two\nlines",20.5\r\n'


class Semicolons(csv.excel):
    delimiter = ";"
    quoting = csv.QUOTE_NONNUMERIC
    lineterminator = "\n"


class Program:
    def process(self, item):
        rows = list(csv.DictReader(io.StringIO(item)))
        out = io.StringIO()
        writer = csv.DictWriter(out, ["amount", "name", "note"], dialect=Semicolons, extrasaction="ignore")
        writer.writeheader()
        writer.writerows({**row, "amount": float(row["amount"]), "extra": 1} for row in rows)
        back = list(csv.reader(io.StringIO(out.getvalue()), dialect=Semicolons()))
        piped = io.StringIO()
        csv.writer(piped, delimiter="|", quotechar="'", escapechar="\\", quoting=csv.QUOTE_NONE).writerow(["a|b", 1, None])
        sniffed = csv.Sniffer().sniff("a;b;c\n1;2;3\n4;5;6\n")
        short = list(csv.DictReader(io.StringIO("a,b\n1\n1,2,3\n"), restkey="rest", restval="-"))
        try:
            list(csv.reader(io.StringIO('"open'), strict=True))
        except csv.Error as error:
            strict = type(error).__name__
        return {
            "rows": rows,
            "written": out.getvalue(),
            "back": back,
            "piped": piped.getvalue(),
            "sniffed": sniffed.delimiter,
            "short": short,
            "strict": strict,
            "header": csv.Sniffer().has_header("name,age\nann,3\nbob,4\n"),
        }
