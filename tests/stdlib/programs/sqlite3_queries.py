"""A database in memory: tables, joins, aggregates, windows, transactions."""

import sqlite3

INPUT = [["ann", "ops", 30], ["bob", "dev", 25], ["cid", "ops", 41], ["dee", "dev", 33]]


class Program:
    def process(self, item):
        db = sqlite3.connect(":memory:")
        db.execute("create table team (name text primary key, floor integer)")
        db.execute("create table person (id integer primary key, name text not null, team text references team, age integer)")
        db.executemany("insert into team values (?, ?)", [("ops", 1), ("dev", 2), ("hr", 3)])
        db.executemany("insert into person (name, team, age) values (?, ?, ?)", item)
        db.commit()
        by_team = db.execute(
            "select t.name, count(p.id), avg(p.age) from team t left join person p on p.team = t.name group by t.name order by t.name"
        ).fetchall()
        ranked = db.execute(
            "select name, rank() over (partition by team order by age desc) r from person order by team, r"
        ).fetchall()
        try:
            with db:
                db.execute("update person set age = age + 1")
                db.execute("insert into team values ('ops', 9)")
        except sqlite3.IntegrityError as error:
            failed = type(error).__name__
        recursive = db.execute(
            "with recursive fib(a, b) as (values (0, 1) union all select b, a + b from fib where b < 100) select a from fib"
        ).fetchall()
        db.row_factory = sqlite3.Row
        row = db.execute("select * from person where name = :name", {"name": "cid"}).fetchone()
        return {
            "by_team": by_team,
            "ranked": ranked,
            "rolled_back": [failed, db.execute("select sum(age) from person").fetchone()[0]],
            "fib": [value for (value,) in [tuple(r) for r in recursive]],
            "row": dict(row),
            "changes": db.execute("delete from person where age > 30").rowcount,
            "left": [r["name"] for r in db.execute("select name from person order by name")],
        }
