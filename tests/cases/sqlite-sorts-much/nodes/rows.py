import sqlite3


class Rows:
    def process(self, count):
        base = sqlite3.connect(":memory:")
        base.execute("create table rows (number integer, text text)")
        numbers = ((n * 7919 % count, f"row {n}" * 4) for n in range(count))
        base.executemany("insert into rows values (?, ?)", numbers)
        base.execute("create index by_text on rows (text, number)")
        ordered = [number for (number,) in base.execute("select number from rows order by number")]
        found = base.execute("select count(*) from rows where text = ?", ("row 5" * 4,)).fetchone()
        return {"first": ordered[0], "last": ordered[-1], "found": found[0]}
