class Own:
    def process(self, item):
        import helper

        return item
