"""Decimal arithmetic: quantizing, rounding modes, contexts, signals."""

from decimal import (
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    localcontext,
)

INPUT = ["19.99", "0.005", "100", "-2.675", "33.335"]


class Program:
    def process(self, item):
        amounts = [Decimal(text) for text in item]
        cent = Decimal("0.01")
        modes = (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN, ROUND_UP)
        with localcontext() as context:
            context.prec = 50
            third = str(Decimal(1) / 3)
            root = str(Decimal(2).sqrt())
        with localcontext(Context(prec=5, traps=[])) as context:
            infinite = str(Decimal(1) / 0)
            flagged = bool(context.flags[DivisionByZero])
            nan = str(Decimal(0) / 0)
            invalid = bool(context.flags[InvalidOperation])
            inexact = str(Decimal(2) / 3), bool(context.flags[Inexact])
        return {
            "rounded": {mode: [str(a.quantize(cent, mode)) for a in amounts] for mode in modes},
            "sum": str(sum(amounts)),
            "sorted": [str(a) for a in sorted(amounts)],
            "third": third,
            "root": root,
            "signals": [infinite, flagged, nan, invalid, *inexact],
            "exact": str(Decimal(0.1)),
            "parts": [list(Decimal("-1.50e3").as_tuple().digits), Decimal("-1.50e3").as_tuple().exponent],
            "forms": [str(Decimal("1E+5").normalize()), f"{Decimal('1234567.891'):,.2f}", f"{Decimal('0.00001'):e}"],
            "ratio": Decimal("0.125").as_integer_ratio(),
            "logs": [str(Decimal(10).ln().quantize(Decimal(1).scaleb(-20))), str(Decimal(1000).log10())],
        }
