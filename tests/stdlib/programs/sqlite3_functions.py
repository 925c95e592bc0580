"""Functions, aggregates, collations and adapters written in Python; blobs; a dump."""

import sqlite3

INPUT = ["banana", "Apple", "cherry", "apple pie"]


class Longest:
    def __init__(self):
        self.best = ""

    def step(self, value):
        self.best = max(self.best, value, key=len)

    def finalize(self):
        return self.best


class Program:
    def process(self, item):
        db = sqlite3.connect(":memory:")
        db.create_function("reverse", 1, lambda text: text[::-1], deterministic=True)
        db.create_aggregate("longest", 1, Longest)
        db.create_collation("by_length", lambda a, b: (len(a) > len(b)) - (len(a) < len(b)))
        db.execute("create table fruit (name text, raw blob)")
        db.executemany("insert into fruit values (?, ?)", [(n, n.encode()) for n in item])
        other = sqlite3.connect(":memory:")
        db.commit()
        db.backup(other)
        try:
            db.execute("select nothing from nowhere")
        except sqlite3.OperationalError as error:
            missing = str(error)
        return {
            "reversed": db.execute("select reverse(name) from fruit order by 1").fetchall(),
            "longest": db.execute("select longest(name) from fruit").fetchone(),
            "by_length": db.execute("select name from fruit order by name collate by_length, name").fetchall(),
            "nocase": db.execute("select name from fruit order by name collate nocase").fetchall(),
            "blob": db.execute("select raw, length(raw), hex(raw) from fruit limit 1").fetchone(),
            "json": db.execute("select json_extract('{\"a\": [1, 2]}', '$.a[1]')").fetchone(),
            "types": db.execute("select typeof(1), typeof(1.5), typeof(null), typeof('x'), typeof(x'00')").fetchone(),
            "copied": other.execute("select count(*) from fruit").fetchone(),
            "dump": list(db.iterdump())[:2],
            "missing": missing,
        }
