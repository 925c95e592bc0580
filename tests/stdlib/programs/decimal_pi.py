"""Many digits of pi and e by series in Decimal."""

from decimal import Decimal, getcontext, localcontext

INPUT = 60


class Program:
    def process(self, item):
        with localcontext() as context:
            context.prec = item + 5
            three = Decimal(3)
            last, total, step = Decimal(0), three, three
            n, na, d, da = 1, 0, 0, 24
            while total != last:
                last = total
                n, na = n + na, na + 8
                d, da = d + da, da + 32
                step = step * n / d
                total += step
            e = Decimal(1).exp()
            context.prec = item
            pi, e = +total, +e
        return {"pi": str(pi), "e": str(e), "precision_after": getcontext().prec, "compare": str(pi.compare(e))}
