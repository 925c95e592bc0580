"""sortedcontainers==2.4.0: lists and dicts that stay sorted"""


class Use:
    def process(self, item):
        from sortedcontainers import SortedDict, SortedList

        numbers = SortedList([3, 1, 2])
        numbers.add(0)
        assert list(numbers.irange(1, 2)) == [1, 2] and numbers.bisect(2) == 3
        return list(SortedDict(b=1, a=2))
