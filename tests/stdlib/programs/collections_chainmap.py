"""ChainMap: layered settings, writes into the first map, parents."""

from collections import ChainMap, OrderedDict

INPUT = {"defaults": {"colour": "red", "size": 10}, "user": {"size": 12}, "session": {"debug": True}}


class Program:
    def process(self, item):
        chain = ChainMap(item["session"], item["user"], item["defaults"])
        before = dict(sorted(chain.items()))
        chain["colour"] = "blue"
        child = chain.new_child({"size": 99})
        del chain["debug"]
        ordered = OrderedDict.fromkeys("abcde")
        ordered.move_to_end("b")
        ordered.move_to_end("e", last=False)
        popped = ordered.popitem(last=False)[0]
        try:
            del chain["size"]
        except KeyError as error:
            refused = type(error).__name__
        return {
            "before": before,
            "session": item["session"],
            "child": [child["size"], child.parents["size"], child["colour"]],
            "maps": [dict(m) for m in child.maps],
            "refused": refused,
            "ordered": list(ordered),
            "popped": popped,
            "equal": [OrderedDict(a=1, b=2) == OrderedDict(b=2, a=1), OrderedDict(a=1, b=2) == {"b": 2, "a": 1}],
            "merged": dict(OrderedDict(a=1) | {"b": 2}),
        }
