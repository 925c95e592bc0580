"""pyyaml==6.0.4: YAML there and back"""


class Use:
    def process(self, item):
        import yaml

        text = "a: [1, 2.5, null]\nb: &x {c: d}\ne: *x\nf: 2024-01-02\n"
        data = yaml.safe_load(text)
        assert data["e"] == {"c": "d"} and data["f"].year == 2024
        assert yaml.safe_load(yaml.safe_dump(data)) == data
        try:
            yaml.safe_load("a: [")
        except yaml.YAMLError:
            return yaml.safe_dump({"a": 1})
