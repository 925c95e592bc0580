class Keys:
    def process(self, item):
        return {item: 1}
