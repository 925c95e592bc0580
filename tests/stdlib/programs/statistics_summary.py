"""Means, medians, spreads and a normal distribution."""

import statistics as st
from fractions import Fraction

INPUT = [2, 3, 3, 5, 7, 10, 11, 11]


class Program:
    def process(self, item):
        normal = st.NormalDist(100, 15)
        line = st.linear_regression(range(len(item)), item)
        return {
            "mean": st.mean(item),
            "fractions": str(st.mean([Fraction(1, 3), Fraction(1, 2)])),
            "fmean": st.fmean(item),
            "geometric": round(st.geometric_mean(item), 9),
            "harmonic": round(st.harmonic_mean(item), 9),
            "medians": [st.median(item), st.median_low(item), st.median_high(item)],
            "modes": [st.mode(item), st.multimode(item)],
            "spread": [round(f(item), 9) for f in (st.stdev, st.pstdev, st.variance, st.pvariance)],
            "quantiles": [st.quantiles(item, n=4), st.quantiles(item, n=4, method="inclusive")],
            "normal": [round(normal.cdf(120), 9), round(normal.inv_cdf(0.9), 6), round(normal.pdf(100), 9)],
            "overlap": round(normal.overlap(st.NormalDist(110, 10)), 9),
            "line": [round(line.slope, 9), round(line.intercept, 9)],
            "correlation": round(st.correlation(range(len(item)), item), 9),
        }
