"""What the compiler knows of names: locals, globals, free variables."""

import symtable

INPUT = """
x = 1
def outer(a, *args):
    global g
    b = a
    def inner():
        nonlocal b
        b += x
        return lambda: b
    g = 1
    return inner
class C:
    attr = x
    def method(self):
        return self.attr
"""


class Program:
    def process(self, item):
        top = symtable.symtable(item, "<input>", "exec")
        found = {}

        def walk(table, path):
            for child in table.get_children():
                if child.get_name() == "__annotate__":
                    continue  # 3.14 evaluates annotations in a scope of their own
                name = f"{path}.{child.get_name()}" if path else child.get_name()
                if child.get_type() == "function":
                    found[name] = {
                        "parameters": sorted(child.get_parameters()),
                        "locals": sorted(child.get_locals()),
                        "globals": sorted(child.get_globals()),
                        "frees": sorted(child.get_frees()),
                        "nested": child.is_nested(),
                    }
                else:
                    found[name] = {"kind": str(child.get_type()).rpartition(".")[2].lower()}
                walk(child, name)

        walk(top, "")
        return {
            "tables": found,
            "top": sorted(n for n in top.get_identifiers() if not n.startswith("__")),
            "symbol": [top.lookup("x").is_assigned(), top.lookup("C").is_namespace(), top.lookup("outer").is_referenced()],
        }
