"""python-slugify==9.2.0: text for URLs"""


class Use:
    def process(self, item):
        from slugify import slugify

        assert slugify("Übung macht den Meister!") == "ubung-macht-den-meister"
        return slugify("影師嗎")
