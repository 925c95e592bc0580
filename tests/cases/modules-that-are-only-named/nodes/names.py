import importlib


class Names:
    def __init__(self, module, name):
        self.module, self.name = module, name

    def process(self, item):
        return getattr(importlib.import_module(self.module), self.name).__name__
