"""tinycss2==1.5.1: CSS taken apart"""


class Use:
    def process(self, item):
        import tinycss2

        rules = tinycss2.parse_stylesheet(
            "a:hover { color: red; } /* c */", skip_comments=True, skip_whitespace=True
        )
        declarations = tinycss2.parse_blocks_contents(rules[0].content, skip_whitespace=True)
        assert declarations[0].name == "color"
        return tinycss2.serialize(rules)
