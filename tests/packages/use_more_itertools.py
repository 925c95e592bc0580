"""more-itertools==11.2.1: more of itertools"""


class Use:
    def process(self, item):
        from more_itertools import chunked, collapse, peekable, windowed

        assert list(chunked("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]
        assert list(windowed([1, 2, 3], 2)) == [(1, 2), (2, 3)]
        assert peekable([1, 2]).peek() == 1
        return list(collapse([1, [2, [3]]]))
