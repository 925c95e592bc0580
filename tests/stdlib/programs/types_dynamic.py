"""Classes, modules, functions and namespaces made at run time."""

import types

INPUT = {"a": 1, "b": [2, 3]}


class Program:
    def process(self, item):
        space = types.SimpleNamespace(**item)
        view = types.MappingProxyType(item)
        made = types.new_class("Made", (list,), {}, lambda body: body.update(total=lambda self: sum(self)))
        module = types.ModuleType("made_here", "docs")
        exec("def f(x): return x + offset", module.__dict__)
        module.offset = 10
        try:
            view["a"] = 2
        except TypeError as error:
            refused = type(error).__name__

        def counter():
            count = 0

            def step():
                nonlocal count
                count += 1
                return count

            return step

        step = counter()
        cell = step.__closure__[0]
        clone = types.FunctionType(step.__code__, {}, "clone", None, (types.CellType(41),))
        bound = types.MethodType(lambda self, x: [self, x], "me")

        @types.coroutine
        def old():
            yield 1
            return 2

        return {
            "space": [repr(space), space.b, space == types.SimpleNamespace(**item)],
            "view": [dict(view), refused],
            "made": [made([1, 2, 3]).total(), made.__mro__[1].__name__],
            "module": [module.f(5), module.__doc__],
            "closure": [step(), step(), cell.cell_contents, clone()],
            "bound": bound(3),
            "resolved": types.resolve_bases((list,)) == (list,),
            "dynamic": isinstance(old(), types.GeneratorType),
            "kinds": [isinstance(len, types.BuiltinFunctionType), isinstance(list[int], types.GenericAlias)],
            "prepared": types.prepare_class("X", (dict,))[0] is type,
        }
