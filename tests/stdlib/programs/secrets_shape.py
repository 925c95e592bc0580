"""Secrets: only their shape can be compared."""

import secrets
import string

INPUT = 16


class Program:
    def process(self, item):
        token = secrets.token_bytes(item)
        password = "".join(secrets.choice(string.ascii_letters) for _ in range(item))
        return {
            "bytes": len(token),
            "hex": [len(secrets.token_hex(item)), set(secrets.token_hex(item)) <= set("0123456789abcdef")],
            "urlsafe": len(secrets.token_urlsafe(item)),
            "password": [len(password), password.isalpha()],
            "below": all(0 <= secrets.randbelow(10) < 10 for _ in range(50)),
            "bits": secrets.randbits(8) < 256,
            "different": len({secrets.token_hex(8) for _ in range(20)}),
            "compare": [secrets.compare_digest("a", "a"), secrets.compare_digest(b"a", b"b")],
            "system": 0 <= secrets.SystemRandom().random() < 1,
        }
