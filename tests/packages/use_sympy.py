"""sympy==1.14.0: algebra"""


class Use:
    def process(self, item):
        import sympy

        x = sympy.Symbol("x")
        assert sympy.solve(x**2 - 2, x) == [-sympy.sqrt(2), sympy.sqrt(2)]
        assert sympy.diff(sympy.sin(x) * x, x) == x * sympy.cos(x) + sympy.sin(x)
        assert sympy.integrate(sympy.exp(-x), (x, 0, sympy.oo)) == 1
        return str(sympy.factor(x**3 - 1))
