"""Source parsed, visited, rewritten, compiled and run; literals evaluated safely."""

import ast

INPUT = "def area(w, h=2):\n    total = w * h + 0\n    return total if total > 10 else -total\n"


class Fold(ast.NodeTransformer):
    def visit_BinOp(self, node):
        self.generic_visit(node)
        match node:
            case ast.BinOp(left=left, op=ast.Add(), right=ast.Constant(value=0)):
                return left
            case ast.BinOp(left=ast.Constant(value=a), op=ast.Mult(), right=ast.Constant(value=b)):
                return ast.copy_location(ast.Constant(a * b), node)
        return node


class Names(ast.NodeVisitor):
    def __init__(self):
        self.loads, self.stores = set(), set()

    def visit_Name(self, node):
        (self.stores if isinstance(node.ctx, ast.Store) else self.loads).add(node.id)


class Program:
    def process(self, item):
        tree = ast.parse(item)
        names = Names()
        names.visit(tree)
        folded = ast.fix_missing_locations(Fold().visit(ast.parse(item)))
        scope = {}
        exec(compile(folded, "<folded>", "exec"), scope)
        function = tree.body[0]
        errors = []
        for text in ("__import__('os')", "1 +", "[1, 2", "f(3)"):
            try:
                errors.append(ast.literal_eval(text))
            except (ValueError, SyntaxError) as error:
                errors.append(type(error).__name__)
        return {
            "unparsed": ast.unparse(folded),
            "names": [sorted(names.loads), sorted(names.stores)],
            "run": [scope["area"](3), scope["area"](10, 5)],
            "place": [function.lineno, function.body[0].col_offset, function.end_lineno],
            "segment": ast.get_source_segment(item, function.body[1].value.test),
            "literals": ast.literal_eval("{'a': [1, -2.5, b'x', None]}"),
            "kinds": [type(node).__name__ for node in ast.walk(function.args) if isinstance(node, ast.arg)],
            "errors": errors,
            "expression": eval(compile(ast.parse("2 ** 10", mode="eval"), "<e>", "eval")),
        }
