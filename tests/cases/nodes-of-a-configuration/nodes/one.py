class Upper:
    def process(self, text):
        return text.upper()
