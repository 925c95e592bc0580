"""unidecode==1.4.0: letters of all alphabets as ASCII"""


class Use:
    def process(self, item):
        from unidecode import unidecode

        assert unidecode("Žižek 北京") == "Zizek Bei Jing "
        return unidecode("köln")
