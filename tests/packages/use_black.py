"""black==26.10.1: source laid out"""


class Use:
    def process(self, item):
        import black

        text = black.format_str("x = {  'a':1,\n'b':2}", mode=black.Mode())
        assert text == 'x = {"a": 1, "b": 2}\n'
        return text
