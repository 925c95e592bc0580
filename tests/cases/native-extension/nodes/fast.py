class Fast:
    def process(self, item):
        from quick import speedups

        return speedups.double(item)


class Optional:
    def process(self, item):
        try:
            from quick.speedups import double
        except ImportError:
            return "in Python"
        return double(item)
