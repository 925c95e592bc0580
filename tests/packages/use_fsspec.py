"""fsspec==2026.9.0: files in memory and in /tmp"""


class Use:
    def process(self, item):
        import tempfile

        import fsspec

        memory = fsspec.filesystem("memory")
        with memory.open("/a/b.txt", "w") as file:
            file.write("text")
        assert memory.cat("/a/b.txt") == b"text"
        directory = tempfile.mkdtemp()
        with fsspec.open(f"file://{directory}/x.csv.gz", "wt", compression="gzip") as file:
            file.write("1,2\n")
        with fsspec.open(f"{directory}/x.csv.gz", "rt", compression="infer") as file:
            assert file.read() == "1,2\n"
        return fsspec.filesystem("file").ls(directory, detail=False) != []
