"""The node's own directory, read only: this file, its siblings, path arithmetic."""

from pathlib import Path, PurePosixPath, PureWindowsPath

INPUT = "data/in/track.tar.gz"


class Program:
    def process(self, item):
        here = Path(__file__)
        text = here.read_text(encoding="utf-8")
        path = PurePosixPath(item)
        try:
            (here.parent / "no such file").read_bytes()
        except FileNotFoundError as error:
            missing = error.errno is not None
        return {
            "first_line": text.splitlines()[0],
            "bytes": here.read_bytes() == text.encode(),
            "kind": [here.is_file(), here.parent.is_dir(), here.exists(), here.suffix],
            "size": here.stat().st_size == len(text.encode()),
            "listed": here.name in {entry.name for entry in here.parent.iterdir()},
            "globbed": here.name in [found.name for found in here.parent.glob("pathlib_*.py")],
            "missing": missing,
            "parts": [path.parts, path.stem, path.suffixes, str(path.parent)],
            "changed": [str(path.with_suffix(".zip")), str(path.with_name("b.wav")), str(path / "../x")],
            "relative": str(PurePosixPath("/a/b/c").relative_to("/a")),
            "match": [path.match("*.gz"), path.match("in/*.gz"), path.match("*.wav")],
            "windows": [str(PureWindowsPath("c:/Temp") / "x.txt"), PureWindowsPath("C:\\A") == PureWindowsPath("c:/a")],
            "parents": [str(p) for p in path.parents],
        }
