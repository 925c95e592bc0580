"""ftfy==6.3.1: text that was decoded wrongly"""


class Use:
    def process(self, item):
        import ftfy

        assert ftfy.fix_text("âœ” No problems") == "✔ No problems"
        return ftfy.fix_text("l’humanitÃ©")
