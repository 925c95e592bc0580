"""mpmath==1.3.0: numbers of any precision"""


class Use:
    def process(self, item):
        import mpmath

        with mpmath.workdps(50):
            assert str(mpmath.pi).startswith("3.14159265358979323846264338327950288419716939937")
            assert mpmath.almosteq(mpmath.quad(mpmath.sin, [0, mpmath.pi]), 2)
            return str(mpmath.zeta(3))[:20]
