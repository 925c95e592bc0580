"""charset-normalizer==3.5.3: finding out how text is encoded"""


class Use:
    def process(self, item):
        from charset_normalizer import from_bytes

        text = "Всеки човек има право на образование. Образованието трябва да бъде безплатно."
        best = from_bytes(text.encode("cp1251")).best()
        assert str(best) == text
        return best.encoding
