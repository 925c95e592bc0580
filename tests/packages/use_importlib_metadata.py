"""importlib-metadata==10.2.0: what is installed"""


class Use:
    def process(self, item):
        import importlib_metadata

        assert importlib_metadata.version("zipp")
        files = importlib_metadata.files("importlib-metadata")
        assert any(str(file).endswith("__init__.py") for file in files)
        return importlib_metadata.metadata("importlib-metadata")["Name"]
