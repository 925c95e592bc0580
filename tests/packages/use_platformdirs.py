"""platformdirs==4.14.8: where programs keep their files"""


class Use:
    def process(self, item):
        import platformdirs

        path = platformdirs.user_config_dir("app", "author")
        assert path.endswith("app")
        return "named"
