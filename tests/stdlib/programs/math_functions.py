"""math: number theory, rounding, logarithms, sums; irrational results are rounded."""

import math

INPUT = [12, 18, 30, 0.1]


class Program:
    def process(self, item):
        a, b, c, tenth = item
        near = [math.sin(1), math.cos(1), math.tan(1), math.exp(1.5), math.log(10), math.gamma(4.5), math.erf(0.5), math.atan2(1, -1), math.sinh(1)]
        errors = []
        for call in (lambda: math.sqrt(-1), lambda: math.log(0), lambda: math.exp(1000), lambda: math.factorial(-1)):
            try:
                errors.append(call())
            except (ValueError, OverflowError) as error:
                errors.append(type(error).__name__)
        return {
            "integers": [math.gcd(a, b, c), math.lcm(a, b, c), math.factorial(25), math.comb(40, 20), math.perm(10, 3), math.isqrt(10**21)],
            "near": [round(value, 10) for value in near],
            "rounding": [math.floor(-2.5), math.ceil(-2.5), math.trunc(-2.5), round(2.5), round(-3.5), round(1234.567, -2)],
            "exact": [math.fsum([tenth] * 10), math.prod(item[:3]), math.hypot(3, 4, 12), math.dist([0, 0], [3, 4])],
            "logs": [math.log2(2**70), math.log10(10**30), math.log(2**1000, 2), round(math.log1p(1e-10), 20)],
            "parts": [math.modf(-3.25), math.frexp(10.0), math.ldexp(0.625, 4), math.fmod(-7, 3), math.remainder(-7, 3)],
            "near_one": [math.nextafter(1.0, 2.0), math.ulp(1.0), math.copysign(3, -0.0)],
            "tests": [math.isclose(tenth + 0.2, 0.3), math.isnan(math.nan), math.isinf(-math.inf), math.isfinite(1e308)],
            "constants": [math.pi, math.e, math.tau],
            "angles": [math.degrees(math.pi), round(math.radians(180), 12)],
            "errors": errors,
        }
