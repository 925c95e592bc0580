"""Tar archives in memory: plain and gzipped."""

import io
import tarfile

INPUT = {"readme.txt": "hello", "src/main.py": "print('x')\n", "long/" : ""}


class Program:
    def process(self, item):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz") as archive:
            for name, text in item.items():
                info = tarfile.TarInfo(name)
                info.mtime = 1710497700
                info.mode = 0o640
                if name.endswith("/"):
                    info.type = tarfile.DIRTYPE
                    archive.addfile(info)
                else:
                    info.size = len(text)
                    archive.addfile(info, io.BytesIO(text.encode()))
            link = tarfile.TarInfo("link")
            link.type, link.linkname = tarfile.SYMTYPE, "readme.txt"
            archive.addfile(link)
            archive.addfile(tarfile.TarInfo("n" * 150))
        out.seek(0)
        with tarfile.open(fileobj=out) as archive:
            members = [[m.name[:20], m.size, m.isdir(), m.issym(), oct(m.mode)] for m in archive]
            text = archive.extractfile("src/main.py").read()
            linked = archive.extractfile("link").read()
        try:
            tarfile.open(fileobj=io.BytesIO(b"no tar" * 200))
        except tarfile.ReadError as error:
            refused = type(error).__name__
        return {"members": members, "text": text, "linked": linked, "refused": refused}
