"""Hashes that only OpenSSL brings; pbkdf2 and scrypt."""

import hashlib

INPUT = "password"


class Program:
    def process(self, item):
        key = hashlib.pbkdf2_hmac("sha256", item.encode(), b"salt", 10).hex()[:16]
        try:
            hashlib.scrypt(item.encode(), salt=b"salt", n=16, r=1, p=1)
        except NotImplementedError as error:
            return {"key": key, "scrypt": type(error).__name__}
        return {"key": key, "scrypt": "a key"}
