"""What the platform says of itself."""

import os
import platform
import struct
import sys

INPUT = "P"


class Program:
    def process(self, item):
        return {
            "platform": sys.platform,
            "name": os.name,
            "bits": struct.calcsize(item) * 8,
            "maxsize": sys.maxsize,
            "hash": sys.hash_info.width,
            "system": platform.python_implementation(),
        }
