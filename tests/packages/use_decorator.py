"""decorator==5.3.1: decorators that keep signatures"""


class Use:
    def process(self, item):
        import inspect

        from decorator import decorator

        @decorator
        def twice(function, *args, **kwargs):
            return function(*args, **kwargs) * 2

        @twice
        def add(a, b=2):
            return a + b

        assert add(1) == 6 and str(inspect.signature(add)) == "(a, b=2)"
        return add.__name__
