class Says:
    def __init__(self, words):
        self.words = words

    def process(self, item):
        return self.words
