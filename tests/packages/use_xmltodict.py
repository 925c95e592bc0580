"""xmltodict==1.0.4: XML as dicts"""


class Use:
    def process(self, item):
        import xmltodict

        data = xmltodict.parse('<a x="1"><b>2</b><b>3</b></a>')
        assert data == {"a": {"@x": "1", "b": ["2", "3"]}}
        return xmltodict.unparse(data)
