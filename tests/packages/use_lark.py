"""lark==1.3.1: a grammar for calculations"""


class Use:
    def process(self, item):
        from lark import Lark, Transformer, v_args

        grammar = """
            ?start: sum
            ?sum: product | sum "+" product -> add
            ?product: atom | product "*" atom -> mul
            ?atom: NUMBER -> number | "(" sum ")"
            %import common.NUMBER
            %ignore " "
        """

        @v_args(inline=True)
        class Calculate(Transformer):
            from operator import add, mul

            number = int

        for parser in ("lalr", "earley"):
            assert (
                Calculate().transform(Lark(grammar, parser=parser).parse("1 + 2 * (3 + 4)")) == 15
            )
        return "parsed"
