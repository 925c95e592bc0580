"""A database that lies beside the node: by its path, by a URI, beside others, and not to be changed."""

import os
import sqlite3
from contextlib import closing

INPUT = ["select group_concat(name) from fruit", "select sum(length(name)) from fruit"]


class Program:
    def process(self, item):
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "read_only.db")
        result = {}
        with closing(sqlite3.connect(path)) as database:
            result["plain"] = [database.execute(query).fetchone()[0] for query in item]
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            result["uri"] = [database.execute(query).fetchone()[0] for query in item]
            try:
                database.execute("insert into fruit values ('no')")
            except sqlite3.OperationalError as error:
                result["refused"] = str(error)
        with closing(sqlite3.connect(":memory:", uri=True)) as database:
            database.execute("attach ? as other", (f"file:{path}?mode=ro",))
            database.execute("create table mine as select * from other.fruit")
            result["attached"] = database.execute("select count(*) from mine").fetchone()[0]
        with closing(sqlite3.connect(path)) as one, closing(sqlite3.connect(path)) as two:
            first = one.execute("select name from fruit")
            result["both"] = first.fetchone()[0], two.execute(item[1]).fetchone()[0]
        return result
