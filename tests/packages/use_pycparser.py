"""pycparser==3.12: C as a tree"""


class Use:
    def process(self, item):
        from pycparser import c_parser

        tree = c_parser.CParser().parse("int f(int a) { return a + 1; }")
        function = tree.ext[0]
        assert function.decl.name == "f" and function.body.block_items[0].expr.op == "+"
        return type(function).__name__
