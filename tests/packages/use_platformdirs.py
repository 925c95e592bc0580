"""platformdirs==4.14.8: where programs keep their files"""


class Use:
    def process(self, item):
        import platformdirs

        import os

        path = platformdirs.user_data_dir("app", "author", ensure_exists=True)
        assert path.endswith("app") and os.path.isdir(path)
        return "made"
