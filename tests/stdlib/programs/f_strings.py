"""f-strings and format specifications of every kind."""

from datetime import date

INPUT = {"name": "ann", "value": 1234.5678, "count": 42, "items": [1, 2]}


class Money:
    def __init__(self, cents):
        self.cents = cents

    def __format__(self, spec):
        return f"{self.cents / 100:{spec or '.2f'}} EUR"

    def __repr__(self):
        return f"Money({self.cents})"


class Program:
    def process(self, item):
        name, value, count = item["name"], item["value"], item["count"]
        width, money = 10, Money(1999)
        return {
            "align": [f"{name:>6}|", f"{name:<6}|", f"{name:^7}|", f"{name:*^9}", f"{count:=+6}", f"{-count:06d}"],
            "numbers": [f"{value:.2f}", f"{value:,.1f}", f"{value:e}", f"{value:g}", f"{value:10.3f}", f"{value:%}", f"{1e20:g}"],
            "integers": [f"{count:b}", f"{count:#x}", f"{count:o}", f"{count:c}", f"{count:e}", f"{count:n}"],
            "conversions": [f"{name!r}", f"{'é'!a}", f"{money!r:>12}", f"{money!s}"],
            "nested": [f"{value:{width}.{2}f}", f"{name:{'>'}{width}}"],
            "debug": f"{count=} {name = !s}",
            "expressions": [f"{sum(item['items']) * 2}", f"{[n for n in item['items']]}", f"{(lambda x: x + 1)(3)}"],
            "braces": f"{{{name}}}",
            "money": [f"{money}", f"{money:.0f}"],
            "date": f"{date(2024, 3, 5):%d.%m.%y}",
            "percent": ["%5.1f|%-5s|%05d|%x" % (value, name, count, count), "%(a)s-%%" % {"a": 1}, "%s %r" % ("x", "y")],
            "format": ["{0}{1}{0}".format("a", "b"), "{n.cents} {d[k]}".format(n=money, d={"k": 1}), "{:>{w}}".format("x", w=3)],
            "floats": [repr(0.1 + 0.2), str(1e16), str(1e-5), repr(-0.0), f"{float('inf')} {float('nan')}", f"{2.675:.2f}", f"{0.5:.0f}"],
            "zero": [f"{-0.001:z.1f}", f"{3.0:#.3g}"],
        }
