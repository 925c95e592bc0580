"""HMACs: signing, checking, several hashes, a token that is signed."""

import base64
import hashlib
import hmac
import json

INPUT = {"user": "ann", "role": "admin", "exp": 1700000000}


def sign(payload, key):
    body = base64.urlsafe_b64encode(json.dumps(payload, sort_keys=True).encode()).rstrip(b"=")
    mac = hmac.new(key, body, hashlib.sha256).digest()
    return (body + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


def verify(token, key):
    body, _, mac = token.encode().partition(b".")
    wanted = base64.urlsafe_b64encode(hmac.digest(key, body, "sha256")).rstrip(b"=")
    if not hmac.compare_digest(mac, wanted):
        return None
    return json.loads(base64.urlsafe_b64decode(body + b"=" * (-len(body) % 4)))


class Program:
    def process(self, item):
        token = sign(item, b"secret")
        running = hmac.new(b"k" * 200, digestmod="sha512")
        running.update(b"one")
        fork = running.copy()
        fork.update(b"two")
        return {
            "token": token,
            "valid": verify(token, b"secret"),
            "wrong_key": verify(token, b"other"),
            "tampered": verify("x" + token, b"secret"),
            "hashes": {n: hmac.new(b"key", b"data", n).hexdigest() for n in ("md5", "sha1", "sha3_256", "blake2s")},
            "running": [running.hexdigest()[:16], fork.hexdigest()[:16]],
            "name": [running.name, running.digest_size, running.block_size],
        }
