"""INI files: sections, interpolation, converters, writing, errors."""

import configparser
import io

INPUT = """\
[DEFAULT]
root = /srv
debug = no

[paths]
data = %(root)s/data
cache : ${none}
list = a, b , c
long = first
    second

[server]
Port = 8080
debug = YES
ratio = 0.5
empty =
flag
"""


class Program:
    def process(self, item):
        config = configparser.ConfigParser(
            allow_no_value=True,
            converters={"list": lambda text: [part.strip() for part in text.split(",")]},
        )
        config.read_string(item)
        extended = configparser.ConfigParser(interpolation=configparser.ExtendedInterpolation())
        extended.read_dict({"a": {"x": "1"}, "b": {"y": "${a:x}2", "z": "${y}3"}})
        out = io.StringIO()
        config["new"] = {"key": "50%%"}
        config.remove_section("paths")
        config.write(out, space_around_delimiters=False)
        errors = []
        for text in ("key = 1", "[a]\n[a]", "[a]\nx=1\nx=2", "[a]\nx=%(y)s"):
            try:
                parser = configparser.ConfigParser()
                parser.read_string(text)
                parser["a"]["x"]
                errors.append("none")
            except (configparser.Error, KeyError) as error:
                errors.append(type(error).__name__)
        fresh = configparser.ConfigParser(allow_no_value=True, converters={"list": str.split})
        fresh.read_string(item)
        return {
            "sections": fresh.sections(),
            "data": fresh["paths"]["data"],
            "long": fresh["paths"]["long"],
            "list": fresh["paths"].getlist("list"),
            "server": [fresh.getint("server", "port"), fresh.getboolean("server", "debug"), fresh.getfloat("server", "ratio")],
            "odd": [fresh["server"]["empty"], fresh["server"]["flag"], fresh.get("server", "no", fallback="fb")],
            "options": fresh.options("server"),
            "extended": extended["b"]["z"],
            "written": out.getvalue().split("\n"),
            "errors": errors,
        }
