"""TOML read: tables, arrays, dates, numbers, errors."""

import io
import tomllib

INPUT = '''
title = "TOML"
[owner]
dob = 1979-05-27T07:32:00Z
local = 1979-05-27
time = 07:32:00.5
[database]
ports = [8000, 0x1F, 0b101, 1_000]
ratio = 6.02e23
inf = -inf
enabled = true
"quoted key" = 'C:\\path'
multi = """
line one \\
  joined
end"""
[[products]]
name = "hammer"
point = { x = 1, y.z = 2 }
[[products]]
'''


class Program:
    def process(self, item):
        data = tomllib.loads(item)
        errors = []
        for text in ("a = 1\na = 2", "x = ", "[a]\n[a]", "d = 2024-13-01", "'open"):
            try:
                errors.append(tomllib.loads(text))
            except tomllib.TOMLDecodeError as error:
                errors.append(type(error).__name__)
        return {
            "title": data["title"],
            "owner": [value.isoformat() for value in data["owner"].values()],
            "database": data["database"],
            "products": data["products"],
            "floats": tomllib.loads("x = 1.10", parse_float=str),
            "binary": tomllib.load(io.BytesIO("k = 'ü'".encode())),
            "errors": errors,
        }
