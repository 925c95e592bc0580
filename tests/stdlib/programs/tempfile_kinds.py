"""Temporary files and directories of every kind, and that nothing is left of them."""

import os
import tempfile

INPUT = ["one", "zwei", "三"]


class Program:
    def process(self, item):
        result = {}
        with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
            file.writelines(f"{word}\n" for word in item)
            file.seek(0)
            result["temporary"] = file.read().split()
        with tempfile.NamedTemporaryFile("wb", suffix=".bin", delete=False) as file:
            file.write(b"\0" * 5000)
        result["named"] = os.path.getsize(file.name), file.name.endswith(".bin")
        os.unlink(file.name)
        with tempfile.SpooledTemporaryFile(max_size=10) as file:
            file.write(b"short")
            before = file._rolled
            file.write(b" and longer")
            file.seek(3)
            result["spooled"] = before, file._rolled, file.read()
        with tempfile.TemporaryDirectory(prefix="kinds") as directory:
            for word in item:
                with open(os.path.join(directory, word), "x", encoding="utf-8") as file:
                    file.write(word)
            os.mkdir(os.path.join(directory, "deeper"))
            result["directory"] = sorted(os.listdir(directory))
        result["gone"] = not os.path.exists(directory)
        handle, path = tempfile.mkstemp(text=True)
        os.write(handle, b"by hand")
        result["handle"] = os.pread(handle, 4, 3), os.lseek(handle, 0, os.SEEK_CUR)
        os.close(handle)
        result["mode"] = oct(os.stat(path).st_mode)
        os.remove(path)
        return result
