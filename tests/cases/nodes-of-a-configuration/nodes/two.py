class PutIntoBrackets:
    def process(self, text):
        return f"<{text}>"
