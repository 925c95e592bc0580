"""cloudpickle==3.1.3: functions pickled by value"""


class Use:
    def process(self, item):
        import cloudpickle

        def outer(n):
            def inner(x):
                return x + n

            return inner

        again = cloudpickle.loads(cloudpickle.dumps(outer(3)))
        assert again(4) == 7
        return again(0)
