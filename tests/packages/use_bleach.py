"""bleach==6.4.0: HTML made harmless"""


class Use:
    def process(self, item):
        import bleach

        clean = bleach.clean('<b onclick="x">a</b><script>alert(1)</script>', tags={"b"})
        assert clean == "<b>a</b>&lt;script&gt;alert(1)&lt;/script&gt;"
        assert "href=" in bleach.linkify("see example.org")
        return clean
