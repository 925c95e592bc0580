"""chardet==7.7.0: finding out how text is encoded"""


class Use:
    def process(self, item):
        import chardet

        found = chardet.detect(
            "Это просто текст на русском языке, довольно длинный".encode("utf-8")
        )
        assert found["encoding"].lower() == "utf-8"
        return found["encoding"]
