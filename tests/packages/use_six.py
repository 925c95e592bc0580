"""six==1.17.0: one source for two Pythons"""


class Use:
    def process(self, item):
        import six
        from six.moves.urllib.parse import urlencode

        @six.add_metaclass(type)
        class Thing:
            pass

        assert six.ensure_text(b"a") == "a" and urlencode({"a": 1}) == "a=1"
        return six.moves.range(3)[2]
