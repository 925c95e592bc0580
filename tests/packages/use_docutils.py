"""docutils==0.23: HTML from reStructuredText"""


class Use:
    def process(self, item):
        from docutils.core import publish_parts

        parts = publish_parts("Title\n=====\n\n*a* and ``b``\n\n.. note:: c\n", writer="html5")
        assert "<em>a</em>" in parts["body"] and "note" in parts["body"]
        return parts["title"]
