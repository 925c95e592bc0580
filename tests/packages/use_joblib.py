"""joblib==1.6.0: results kept in /tmp"""


class Use:
    def process(self, item):
        import tempfile

        from joblib import Memory, Parallel, delayed, dump, load

        memory = Memory(tempfile.mkdtemp(), verbose=0)
        calls = []

        def slow(n):
            calls.append(n)
            return n * 2

        cached = memory.cache(slow, ignore=[])
        assert [cached(2), cached(2)] == [4, 4] and calls == [2]
        assert Parallel(n_jobs=1)(delayed(abs)(-n) for n in range(3)) == [0, 1, 2]
        path = tempfile.mktemp()
        dump({"a": [1]}, path, compress=("xz", 3))
        assert load(path) == {"a": [1]}
        return len(calls)
