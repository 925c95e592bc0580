"""Archives in memory: members, compression, comments, reading, errors."""

import io
import zipfile

INPUT = {"a.txt": "alpha\nbeta\n", "dir/b.bin": "0001ff", "dir/empty": ""}


class Program:
    def process(self, item):
        out = io.BytesIO()
        stamp = (2024, 3, 15, 10, 15, 30)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.comment = b"made in memory"
            for name, text in item.items():
                info = zipfile.ZipInfo(name, stamp)
                info.compress_type = zipfile.ZIP_DEFLATED if name.endswith("txt") else zipfile.ZIP_STORED
                archive.writestr(info, text * 10)
            with archive.open("streamed", "w") as member:
                for part in range(5):
                    member.write(bytes([part]) * 100)
        data = out.getvalue()
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [[i.filename, i.file_size, i.CRC, i.compress_type] for i in archive.infolist()]
            with archive.open("a.txt") as member:
                lines = [member.readline(), member.read(4), member.seek(0), member.read(1)]
            path = zipfile.Path(archive)
            listed = sorted(p.name for p in path.iterdir())
            nested = (path / "dir" / "b.bin").read_text()
            try:
                archive.read("missing")
            except KeyError as error:
                missing = type(error).__name__
            intact = archive.testzip()
            dated = archive.getinfo("a.txt").date_time
        broken = bytearray(data)
        broken[data.index(b"0001ff")] ^= 255
        errors = []
        for raw in (b"PK nothing", bytes(broken)):
            try:
                with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                    errors.append(archive.testzip())
            except zipfile.BadZipFile as error:
                errors.append(type(error).__name__)
        return {
            "infos": infos,
            "comment": zipfile.ZipFile(io.BytesIO(data)).comment,
            "lines": lines,
            "listed": listed,
            "nested": nested,
            "missing": missing,
            "intact": intact,
            "dated": dated,
            "errors": errors,
            "is_zip": [zipfile.is_zipfile(io.BytesIO(data)), zipfile.is_zipfile(io.BytesIO(b"x"))],
        }
