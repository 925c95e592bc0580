"""cachetools==8.0.2: caches that forget"""


class Use:
    def process(self, item):
        from cachetools import LRUCache, TTLCache, cached

        calls = []

        @cached(LRUCache(maxsize=2))
        def double(n):
            calls.append(n)
            return n * 2

        assert [double(n) for n in (1, 2, 1, 3, 2)] == [2, 4, 2, 6, 4] and calls == [1, 2, 3, 2]
        clock = [0]
        cache = TTLCache(10, ttl=5, timer=lambda: clock[0])
        cache["a"] = 1
        clock[0] = 6
        return "a" in cache
