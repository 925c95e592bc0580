"""python-dotenv==1.2.4: settings from a file"""


class Use:
    def process(self, item):
        import os
        import tempfile

        from dotenv import dotenv_values, set_key

        path = os.path.join(tempfile.mkdtemp(), ".env")
        with open(path, "w") as file:
            file.write("A=1\nB=${A}2\n# c\nexport C='x y'\n")
        assert dotenv_values(path) == {"A": "1", "B": "12", "C": "x y"}
        set_key(path, "A", "5")
        return dotenv_values(path)["A"]
