"""A tokenizer made of one regular expression, and a calculator on top of it."""

import re

INPUT = ["1 + 2 * 3", "(1 + 2) * 3", "2 ** 3 ** 2 - 1", "10 / 4", "-(2 + 3) * 4 % 7", "1 +", "2 $ 3"]

TOKEN = re.compile(r"\s*(?:(?P<number>\d+)|(?P<op>\*\*|[-+*/%()])|(?P<bad>\S))")


class Parser:
    def __init__(self, text):
        self.tokens = [(m.lastgroup, m[m.lastgroup]) for m in TOKEN.finditer(text) if m.lastgroup]
        self.at = 0

    def peek(self):
        return self.tokens[self.at][1] if self.at < len(self.tokens) else None

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def expression(self, level=0):
        value = self.unary()
        strength = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "**": 4}
        while (op := self.peek()) in strength and strength[op] > level:
            self.take()
            right = self.expression(strength[op] - (op == "**"))
            value = eval(f"left {op} right", {"left": value, "right": right})
        return value

    def unary(self):
        if self.at >= len(self.tokens):
            raise SyntaxError("unexpected end")
        kind, text = self.take()
        if kind == "number":
            return int(text)
        if text == "-":
            return -self.expression(2)
        if text == "(":
            value = self.expression()
            self.take()
            return value
        raise SyntaxError(f"unexpected {text}")


class Program:
    def process(self, item):
        results = {}
        for text in item:
            parser = Parser(text)
            try:
                results[text] = parser.expression()
                if parser.peek() is not None:
                    results[text] = f"left over: {parser.peek()}"
            except SyntaxError as error:
                results[text] = str(error)
        return results
