"""Complex numbers: roots, polar form, functions; results as pairs of rounded floats."""

import cmath

INPUT = [[3, 4], [-1, 0], [0, -2], [1e-3, 1]]


def pair(z):
    return [round(z.real, 9) + 0.0, round(z.imag, 9) + 0.0]


class Program:
    def process(self, item):
        values = [complex(*parts) for parts in item]
        roots = [cmath.rect(1, 2 * cmath.pi * k / 5) for k in range(5)]
        a, b, c = 1, -2, 5
        disc = cmath.sqrt(b * b - 4 * a * c)
        return {
            "polar": [pair(complex(*cmath.polar(z))) for z in values],
            "sqrt": [pair(cmath.sqrt(z)) for z in values],
            "exp": [pair(cmath.exp(z)) for z in values],
            "log": [pair(cmath.log(z)) for z in values],
            "powers": [pair(values[0] ** 2), pair(values[0] ** -1), pair(1j**1j)],
            "quadratic": [pair((-b + disc) / (2 * a)), pair((-b - disc) / (2 * a))],
            "roots": [pair(r) for r in roots],
            "sum": pair(sum(roots)),
            "trig": [pair(cmath.sin(values[0])), pair(cmath.cosh(values[2]))],
            "tests": [cmath.isclose(1j * 1j, -1), cmath.isnan(complex("nan")), cmath.isinf(complex("inf+1j"))],
            "parsed": [pair(complex("1+2j")), pair(complex(" -3j "))],
            "parts": [abs(values[0]), pair(values[0].conjugate()), str(values[0])],
        }
