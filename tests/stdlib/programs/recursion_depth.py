"""Recursion: deep enough, too deep, mutual, turned into a loop."""

import sys

INPUT = {"fits": 300, "list": 50}


def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


def endless(n):
    return endless(n + 1)


def even(n):
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even(n - 1)


def ackermann(m, n):
    if m == 0:
        return n + 1
    return ackermann(m - 1, 1 if n == 0 else ackermann(m, n - 1))


def hanoi(n, a, b, c):
    return [] if n == 0 else hanoi(n - 1, a, c, b) + [a + c] + hanoi(n - 1, b, a, c)


class Program:
    def process(self, item):
        try:
            endless(0)
        except RecursionError as error:
            stopped = type(error).__name__
        after = depth(item["fits"])
        nested = []
        for _ in range(item["list"]):
            nested = [nested]
        text = repr(nested)
        return {
            "depth": after,
            "stopped": stopped,
            "limit": sys.getrecursionlimit() >= 500,
            "even": [even(200), odd(101)],
            "ackermann": ackermann(2, 3),
            "hanoi": hanoi(3, "a", "b", "c"),
            "nested": len(text),
            "again": depth(100),
        }
