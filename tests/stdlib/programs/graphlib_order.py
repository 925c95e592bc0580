"""Topological order, ready sets, cycles."""

import graphlib

INPUT = {"ship": ["test", "docs"], "test": ["build"], "docs": ["build"], "build": ["fetch"], "fetch": []}


class Program:
    def process(self, item):
        order = list(graphlib.TopologicalSorter(item).static_order())
        sorter = graphlib.TopologicalSorter(item)
        sorter.prepare()
        waves = []
        while sorter.is_active():
            ready = sorted(sorter.get_ready())
            waves.append(ready)
            sorter.done(*ready)
        try:
            graphlib.TopologicalSorter({"a": ["b"], "b": ["c"], "c": ["a"]}).prepare()
        except graphlib.CycleError as error:
            cycle = sorted(set(error.args[1]))
        late = graphlib.TopologicalSorter()
        late.add(3, 1, 2)
        late.add(2, 1)
        return {
            "valid": all(order.index(dep) < order.index(node) for node, deps in item.items() for dep in deps),
            "waves": waves,
            "cycle": cycle,
            "late": list(late.static_order()),
        }
