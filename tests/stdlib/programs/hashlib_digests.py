"""The hashes that are built in: md5, sha1, sha2, sha3, shake, blake2."""

import hashlib

INPUT = "The quick brown fox jumps over the lazy dog"


class Program:
    def process(self, item):
        data = item.encode()
        digests = {}
        for name in sorted(hashlib.algorithms_guaranteed):
            hasher = hashlib.new(name)
            for at in range(0, len(data), 7):
                hasher.update(data[at : at + 7])
            digests[name] = hasher.hexdigest(16) if name.startswith("shake") else hasher.hexdigest()
        keyed = hashlib.blake2b(data, digest_size=16, key=b"key", salt=b"salt", person=b"me")
        partial = hashlib.sha256(data[:10])
        copy = partial.copy()
        copy.update(data[10:])
        try:
            hashlib.new("no-such-hash")
        except ValueError as error:
            unknown = type(error).__name__
        return {
            "digests": digests,
            "keyed": keyed.hexdigest(),
            "copied": copy.hexdigest() == digests["sha256"] != partial.hexdigest(),
            "raw": hashlib.md5(data).digest(),
            "sizes": [hashlib.sha512().digest_size, hashlib.sha512().block_size, hashlib.sha3_256().name],
            "unknown": unknown,
        }
