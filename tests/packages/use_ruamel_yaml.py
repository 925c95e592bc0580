"""ruamel.yaml==0.19.1: YAML that keeps its comments"""


class Use:
    def process(self, item):
        import io

        from ruamel.yaml import YAML

        yaml = YAML()
        data = yaml.load("# first\na: 1 # one\nb: [x, y]\n")
        data["a"] = 2
        out = io.StringIO()
        yaml.dump(data, out)
        assert out.getvalue() == "# first\na: 2 # one\nb: [x, y]\n"
        return out.getvalue()
