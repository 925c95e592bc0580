"""isort==9.0.2: imports in order"""


class Use:
    def process(self, item):
        import isort

        text = isort.code("import sys\nimport os\nfrom b import c\nimport a\n")
        assert text.startswith("import os\nimport sys\n")
        return text
