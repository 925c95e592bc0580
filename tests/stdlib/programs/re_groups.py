"""Named groups, look-around, substitution by function, splitting."""

import re

INPUT = "2024-03-15 ERROR [db] timeout after 30s; 2024-03-16 WARN [net] retry=3; bad line"


class Program:
    def process(self, item):
        entry = re.compile(
            r"""(?P<date>\d{4}-\d\d-\d\d)\s   # day
                (?P<level>[A-Z]+)\s
                \[(?P<where>\w+)\]\s
                (?P<text>.*?)(?=;|$)          # up to the next""",
            re.VERBOSE,
        )
        entries = [match.groupdict() for match in entry.finditer(item)]
        doubled = re.sub(r"\d+", lambda match: str(int(match[0]) * 2), item)
        swapped = re.sub(r"(\d+)-(\d+)-(\d+)", r"\3/\2/\1", item)
        return {
            "entries": entries,
            "spans": [match.span("where") for match in entry.finditer(item)],
            "doubled": doubled,
            "swapped": swapped,
            "split": re.split(r"\s*;\s*|\s(?=\[)", item),
            "count": re.subn("[aeiou]", "_", item),
            "escaped": re.escape("a.b*c[d]"),
        }
