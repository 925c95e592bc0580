"""dill==0.4.1: functions pickled"""


class Use:
    def process(self, item):
        import dill

        n = 5
        double = dill.loads(dill.dumps(lambda x: x * n))
        assert double(4) == 20
        return double(1)
