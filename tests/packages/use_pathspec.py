"""pathspec==1.1.1: patterns as git has them"""


class Use:
    def process(self, item):
        import pathspec

        lines = ["*.pyc", "!keep.pyc", "/build/"]
        try:
            spec = pathspec.PathSpec.from_lines("gitignore", lines)
        except (LookupError, KeyError):
            spec = pathspec.PathSpec.from_lines("gitwildmatch", lines)
        names = ["a.pyc", "keep.pyc", "build/x", "src/build/x"]
        assert list(spec.match_files(names)) == ["a.pyc", "build/x"]
        return len(lines)
