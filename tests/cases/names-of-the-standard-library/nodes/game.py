class Game:
    def process(self, item):
        import random

        return random.throw()
