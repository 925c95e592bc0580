class Same:
    def process(self, item):
        return item
