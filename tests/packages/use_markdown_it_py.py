"""markdown-it-py==4.3.0: Markdown by CommonMark"""


class Use:
    def process(self, item):
        from markdown_it import MarkdownIt

        tokens = MarkdownIt().parse("- a\n- b `c`\n")
        assert [token.type for token in tokens][:2] == ["bullet_list_open", "list_item_open"]
        return MarkdownIt().render("**x** <https://a.b>")
