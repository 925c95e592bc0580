"""markdown==3.11.3: HTML from Markdown, with extensions"""


class Use:
    def process(self, item):
        import markdown

        html = markdown.markdown(
            "# A\n\n| a | b |\n|---|---|\n| 1 | *2* |", extensions=["tables", "toc"]
        )
        assert '<h1 id="a">A</h1>' in html and "<td><em>2</em></td>" in html
        return html
