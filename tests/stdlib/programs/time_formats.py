"""strftime with directives that not every libc knows, as native Python on Linux has them."""

import time
from datetime import datetime

INPUT = [
    "%d.%m.%Y at %I:%M %P",
    "100% of %Y",
    "%H:%M:%S.%N",
    "%k|%l|%-d|%_d|%^a|%#p|%10Y",
    "%Q %i %",
    "%%P %%N",
    "",
]


class Program:
    def process(self, item):
        stamp = (2024, 1, 5, 3, 4, 9, 4, 5, 0)
        texts = [time.strftime(format, stamp) for format in item]
        return texts, [datetime(2024, 1, 5, 3, 4, 9).strftime(format) for format in item]
