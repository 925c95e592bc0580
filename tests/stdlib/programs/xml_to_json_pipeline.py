"""Several modules together: XML to records, to SQL, to CSV, to JSON, to a checksum."""

import csv
import hashlib
import io
import json
import sqlite3
import xml.etree.ElementTree as ET
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal

INPUT = "<orders><order day='2024-03-01' who='ann'><line sku='a' n='2' price='1.50'/><line sku='b' n='1' price='20'/></order><order day='2024-03-02' who='bob'><line sku='a' n='10' price='1.40'/></order></orders>"


@dataclass
class Line:
    day: date
    who: str
    sku: str
    count: int
    cents: int


class Program:
    def process(self, item):
        lines = [
            Line(date.fromisoformat(o.get("day")), o.get("who"), e.get("sku"), int(e.get("n")), int(Decimal(e.get("price")) * 100))
            for o in ET.fromstring(item)
            for e in o
        ]
        db = sqlite3.connect(":memory:")
        db.execute("create table line (day text, who text, sku text, count int, cents int)")
        db.executemany("insert into line values (:day, :who, :sku, :count, :cents)", [{**asdict(l), "day": l.day.isoformat()} for l in lines])
        totals = db.execute("select who, sum(count * cents) from line group by who order by 2 desc").fetchall()
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(["who", "total"])
        writer.writerows((who, Decimal(cents) / 100) for who, cents in totals)
        text = json.dumps([asdict(l) for l in lines], default=str, sort_keys=True)
        return {
            "totals": totals,
            "csv": out.getvalue(),
            "json": json.loads(text)[0],
            "checksum": hashlib.sha1(text.encode()).hexdigest(),
            "busiest": max(lines, key=lambda l: l.count).day.isoformat(),
        }
