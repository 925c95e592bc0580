"""Dicts: order, views, merging, comprehension, __missing__, setdefault, unpacking."""

INPUT = {"b": 2, "a": 1, "c": {"x": [1]}}


class Defaults(dict):
    def __missing__(self, key):
        return f"<{key}>"


class Program:
    def process(self, item):
        merged = {**item, "d": 4} | {"a": 100}
        keys = item.keys()
        order = list(item)
        item["z"] = 0
        del item["b"]
        item["b"] = 2
        groups = {}
        for word in ("apple", "bob", "avocado", "cat"):
            groups.setdefault(word[0], []).append(word)
        try:
            for key in item:
                item[key + "!"] = 1
        except RuntimeError as error:
            changed = type(error).__name__
        inverted = {value: key for key, value in {"x": 1, "y": 2}.items()}
        first, *rest = groups
        numbers = {1: "int", True: "bool", 1.0: "float"}
        return {
            "merged": merged,
            "order": [order, list(item)[:4]],
            "views": [sorted(keys & {"a", "nope"}), ("a", 1) in item.items(), len(keys) >= 4],
            "groups": groups,
            "inverted": sorted(inverted.items()),
            "missing": [Defaults(a=1)["q"], Defaults().get("q")],
            "popped": [item.pop("c")["x"], item.pop("nope", "default"), Defaults(a=1, b=2).popitem()],
            "changed": changed,
            "unpacked": [first, rest],
            "numbers": list(numbers.items()),
            "fromkeys": dict.fromkeys("ab", 0),
            "reversed": list(reversed({"a": 1, "b": 2})),
            "nested": {k: {kk: vv * 2 for kk, vv in v.items()} for k, v in {"o": {"i": 3}}.items()},
        }
