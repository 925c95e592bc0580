"""Heaps: a priority queue, merging, the n largest, Dijkstra."""

import heapq
from itertools import count

INPUT = {"a": {"b": 7, "c": 9, "f": 14}, "b": {"c": 10, "d": 15}, "c": {"d": 11, "f": 2}, "d": {"e": 6}, "f": {"e": 9}, "e": {}}


def shortest(graph, start):
    best, queue, before = {start: 0}, [(0, start)], {}
    while queue:
        cost, node = heapq.heappop(queue)
        if cost > best[node]:
            continue
        for target, step in graph[node].items():
            if cost + step < best.get(target, 10**9):
                best[target] = cost + step
                before[target] = node
                heapq.heappush(queue, (cost + step, target))
    return best, before


class Program:
    def process(self, item):
        best, before = shortest(item, "a")
        path, at = [], "e"
        while at:
            path.append(at)
            at = before.get(at)
        order, tickets = [], count()
        queue = []
        for priority, task in [(2, "code"), (1, "test"), (2, "write"), (1, "plan")]:
            heapq.heappush(queue, (priority, next(tickets), task))
        while queue:
            order.append(heapq.heappop(queue)[2])
        numbers = [9, 4, 7, 1, 8, 2]
        heap = numbers[:]
        heapq.heapify(heap)
        return {
            "best": dict(sorted(best.items())),
            "path": path[::-1],
            "order": order,
            "largest": heapq.nlargest(3, numbers),
            "smallest": heapq.nsmallest(2, ["pear", "fig", "banana"], key=len),
            "merged": list(heapq.merge([1, 4, 7], [2, 4], [0, 9])),
            "reverse": list(heapq.merge([9, 3], [8, 1], reverse=True)),
            "replaced": [heapq.heappushpop(heap, 0), heapq.heapreplace(heap, 5), heap[0]],
            "sorted": [heapq.heappop(heap) for _ in range(len(heap))],
        }
