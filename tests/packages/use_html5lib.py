"""html5lib==1.1: HTML as browsers read it"""


class Use:
    def process(self, item):
        import html5lib

        tree = html5lib.parse("<table><tr><td>a<b>c", namespaceHTMLElements=False)
        assert tree.find(".//tbody/tr/td").text == "a"
        return html5lib.serialize(tree, tree="etree")
