"""Code objects: attributes, marshal there and back, replace, exec with own builtins."""

import marshal

INPUT = {"source": "def f(a, b=2, *, c):\n    return a * b + c\n", "values": [1, 2.5, "x", None, True]}


class Program:
    def process(self, item):
        code = compile(item["source"], "<made>", "exec")
        again = marshal.loads(marshal.dumps(code))
        scope = {"__builtins__": {}}
        exec(again, scope)
        function = scope["f"]
        inner = function.__code__
        renamed = inner.replace(co_name="g")
        try:
            eval("len([])", {"__builtins__": {}})
        except NameError as error:
            refused = error.name
        values = {"list": item["values"], "big": 2**70, "tuple": (1, (2,)), "bytes": b"\0", "set": {1}}
        return {
            "called": [function(3, c=1), function(2, 5, c=0)],
            "names": [inner.co_name, renamed.co_name, inner.co_varnames, inner.co_argcount, inner.co_kwonlyargcount],
            "file": [inner.co_filename, inner.co_firstlineno],
            "refused": refused,
            "values": marshal.loads(marshal.dumps(values)) == values,
            "eval": eval("a + b", {"a": 1}, {"b": 2}),
            "single": [compile("1 + 1", "<e>", "eval").co_filename, eval(compile("6 * 7", "<e>", "eval"))],
            "lines": sorted({line for *_, line in inner.co_lines() if line}),
        }
