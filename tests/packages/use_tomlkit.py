"""tomlkit==0.15.2: TOML that keeps its comments"""


class Use:
    def process(self, item):
        import tomlkit

        document = tomlkit.parse("# first\n[a]\nb = 1 # one\n")
        document["a"]["b"] = 2
        document["a"].add("c", [1, 2])
        assert "# first" in document.as_string() and "b = 2 # one" in document.as_string()
        return document.as_string()
