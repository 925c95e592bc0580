"""What can be done with files: modes, positions, names, links, times, errors."""

import errno
import os
import shutil
import tempfile
from pathlib import Path

INPUT = ["a.txt", "b.txt"]


def refused(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"


class Program:
    def process(self, item):
        first, second = item
        result = {}
        root = Path(tempfile.mkdtemp()).resolve()
        path = root / first
        with path.open("w+b") as file:
            file.write(b"0123456789")
            file.seek(-3, os.SEEK_END)
            tail = file.read()
            file.seek(2)
            file.write(b"XY")
            file.truncate(6)
            file.seek(8)
            file.write(b"!")
            file.flush()
            os.fsync(file.fileno())
            size = os.fstat(file.fileno()).st_size
        result["content"] = tail, path.read_bytes(), size
        with path.open("ab") as one, path.open("ab") as two:
            one.write(b"1")
            one.flush()
            two.write(b"2")
        with path.open("r+b") as file:
            file.write(b"Z")
        result["appended"] = path.read_bytes()
        result["exclusive"] = refused(open, path, "x")
        result["wrong"] = [
            refused(os.mkdir, path),
            refused(os.listdir, path),
            refused(os.rmdir, root),
            refused(os.unlink, root / "none"),
            refused(open, root / "none" / "x", "w"),
            refused(open, path / "x"),
            refused(os.rename, root, root / "inside"),
            refused(os.readlink, path),
            refused(os.truncate, root / "none", 1),
        ]
        other = root / second
        os.rename(path, other)
        os.link(other, path)
        result["links"] = other.stat().st_nlink, path.samefile(other)
        os.symlink(second, root / "link")
        os.symlink("nowhere", root / "dangling")
        result["symbolic"] = [
            os.readlink(root / "link"),
            (root / "link").read_bytes(),
            os.path.realpath(root / "link") == str(other),
            os.path.lexists(root / "dangling"),
            os.path.exists(root / "dangling"),
        ]
        os.utime(path, (1, 1_000_000_000))
        os.utime(root / "link", ns=(5, 7), follow_symlinks=False)
        result["times"] = path.stat().st_mtime, os.lstat(root / "link").st_mtime_ns
        os.makedirs(root / "d" / "e" / "f")
        shutil.copy2(path, root / "d" / "copy")
        shutil.copytree(root / "d", root / "g")
        shutil.move(root / "g" / "copy", root / "g" / "e" / "moved")
        result["tree"] = sorted(
            str(found.relative_to(root)) for found in root.rglob("*") if not found.is_symlink()
        )
        with os.scandir(root) as entries:
            result["kinds"] = sorted((e.name, e.is_dir(), e.is_symlink()) for e in entries)
        os.chmod(path, 0o640)
        result["mode"] = oct(path.stat().st_mode & 0o777)
        before = os.getcwd()
        os.chdir(root / "d")
        try:
            Path("../here").write_text("x")
            result["relative"] = os.path.abspath("e") == str(root / "d" / "e"), os.listdir("e")
        finally:
            os.chdir(before)
        result["open"] = (root / "here").read_text()
        handle = os.open(root / "gone", os.O_RDWR | os.O_CREAT)
        os.unlink(root / "gone")
        os.write(handle, b"still there")
        result["unlinked"] = os.pread(handle, 100, 0), os.fstat(handle).st_nlink
        os.close(handle)
        result["closed"] = refused(os.close, handle)
        shutil.rmtree(root)
        result["gone"] = not root.exists()
        return result
