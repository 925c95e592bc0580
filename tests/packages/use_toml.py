"""toml==0.10.2: TOML there and back"""


class Use:
    def process(self, item):
        import toml

        data = toml.loads('title = "x"\n[a.b]\nn = [1, 2]\nwhen = 1979-05-27T07:32:00Z\n')
        assert data["a"]["b"]["n"] == [1, 2]
        assert toml.loads(toml.dumps(data)) == data
        return data["title"]
