"""markupsafe==3.0.4: text that is escaped once"""


class Use:
    def process(self, item):
        from markupsafe import Markup, escape

        text = Markup("<b>%s</b>") % "a<b"
        assert text == "<b>a&lt;b</b>" and escape(text) is not None and escape(text) == text
        return str(Markup("<i>x</i>").striptags())
