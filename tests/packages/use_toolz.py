"""toolz==1.2.0: functions of functions"""


class Use:
    def process(self, item):
        from toolz import compose, curry, groupby, pipe, valmap

        assert valmap(len, groupby(len, ["a", "bb", "cc"])) == {1: 1, 2: 2}
        add = curry(lambda a, b: a + b)
        assert pipe(1, add(2), str) == "3"
        return compose(str, len)("abc")
