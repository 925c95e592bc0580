"""Archives in files, of every kind of compression: made, listed, taken apart."""

import os
import shutil
import tarfile
import tempfile
import zipfile
from pathlib import Path

INPUT = {"a.txt": "first ", "d/b.txt": "second", "d/empty": ""}


def content(root):
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


class Program:
    def process(self, item):
        item["a.txt"] *= 500
        result = {}
        with tempfile.TemporaryDirectory() as directory:
            root = Path(directory)
            source = root / "source"
            for name, text in item.items():
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                (source / name).write_text(text)
            os.symlink("a.txt", source / "link")
            for kind in ("", "gz", "bz2", "xz"):
                path = root / f"archive.{kind or 'tar'}"
                with tarfile.open(path, f"w:{kind}") as archive:
                    archive.add(source, arcname=".")
                with tarfile.open(path) as archive:
                    names = sorted(archive.getnames())
                    archive.extractall(root / f"out-{kind}", filter="data")
                out = root / f"out-{kind}"
                result[f"tar {kind}"] = names, content(out) == content(source)
                result[f"link {kind}"] = os.readlink(out / "link")
                result[f"small {kind}"] = path.stat().st_size < 4000
            kinds = {
                "stored": zipfile.ZIP_STORED,
                "deflated": zipfile.ZIP_DEFLATED,
                "bzip2": zipfile.ZIP_BZIP2,
                "lzma": zipfile.ZIP_LZMA,
            }
            for name, kind in kinds.items():
                path = root / f"{name}.zip"
                with zipfile.ZipFile(path, "w", kind) as archive:
                    for member in item:
                        archive.write(source / member, member)
                with zipfile.ZipFile(path) as archive:
                    bad = archive.testzip()
                    archive.extractall(root / name)
                result[f"zip {name}"] = bad, content(root / name) == item
            made = shutil.make_archive(str(root / "made"), "xztar", source)
            shutil.unpack_archive(made, root / "unpacked")
            result["unpacked"] = sorted(content(root / "unpacked"))
        return result
