import os


class Leaves:
    def process(self, item):
        os._exit(3)
