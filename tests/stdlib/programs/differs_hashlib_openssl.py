"""Hashes that only OpenSSL brings; pbkdf2 and scrypt."""

import hashlib

INPUT = "password"


class Program:
    def process(self, item):
        result = {}
        for name in ("pbkdf2_hmac", "scrypt"):
            result[name] = hasattr(hashlib, name)
        if result["pbkdf2_hmac"]:
            result["key"] = hashlib.pbkdf2_hmac("sha256", item.encode(), b"salt", 10).hex()[:16]
        return result
