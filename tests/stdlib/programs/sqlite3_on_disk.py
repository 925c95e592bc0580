"""Databases in files: two connections, transactions, large sorts, a copy, what is read-only."""

import os
import shutil
import sqlite3
import tempfile

INPUT = 20_000


class Program:
    def process(self, item):
        result = {}
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "data.db")
            one = sqlite3.connect(path)
            one.execute("create table t(n integer, text)")
            with one:
                one.executemany(
                    "insert into t values (?, ?)", ((i, f"{i * 7919 % item:08}") for i in range(item))
                )
            two = sqlite3.connect(path, timeout=0)
            result["count"] = two.execute("select count(*) from t").fetchone()[0]
            largest = two.execute("select text from t order by text desc limit 3").fetchall()
            result["sorted"] = [text for (text,) in largest]
            one.execute("create index i on t(text)")
            one.execute("begin immediate")
            one.execute("delete from t")
            try:
                two.execute("insert into t values (0, '')")
            except sqlite3.OperationalError as error:
                result["locked"] = str(error)
            one.rollback()
            two.rollback()
            result["back"] = two.execute("select sum(n) from t").fetchone()[0]
            with sqlite3.connect(os.path.join(directory, "copy.db")) as copy:
                one.backup(copy)
            result["copied"] = copy.execute("select max(n) from t").fetchone()[0]
            two.execute("vacuum")
            copy.close()
            two.close()
            one.close()
            result["left"] = sorted(os.listdir(directory))
            only = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
            result["read"] = only.execute("select count(*) from t").fetchone()[0]
            try:
                only.execute("delete from t")
            except sqlite3.OperationalError as error:
                result["refused"] = str(error)
            only.close()
        memory = sqlite3.connect(":memory:")
        memory.execute("create table t(a)")
        memory.executemany("insert into t values (?)", ((str(i) * 50,) for i in range(item)))
        ordered = memory.execute("select a from t order by a desc").fetchall()
        memory.execute("create index i on t(a)")
        result["memory"] = len(ordered), ordered[0][0][:4]
        result["gone"] = shutil.which("no-such-program") is None
        return result
