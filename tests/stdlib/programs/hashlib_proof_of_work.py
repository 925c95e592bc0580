"""A small hash chain with proof of work, and a Merkle tree."""

import hashlib
import json

INPUT = ["ann pays bob 5", "bob pays cid 3", "cid pays ann 1", "dee pays ann 2", "ann pays dee 9"]


def digest(data):
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def mine(block):
    nonce = 0
    while not (found := digest(json.dumps({**block, "nonce": nonce}, sort_keys=True))).startswith("00"):
        nonce += 1
    return {**block, "nonce": nonce, "hash": found}


def merkle(leaves):
    level = [digest(leaf) for leaf in leaves]
    while len(level) > 1:
        if len(level) % 2:
            level.append(level[-1])
        level = [digest(a + b) for a, b in zip(level[::2], level[1::2])]
    return level[0]


class Program:
    def process(self, item):
        chain = []
        for text in item:
            chain.append(mine({"text": text, "previous": chain[-1]["hash"] if chain else ""}))
        changed = [*item[:2], "cid pays ann 1000", *item[3:]]
        return {
            "nonces": [block["nonce"] for block in chain],
            "last": chain[-1]["hash"],
            "linked": all(b["previous"] == a["hash"] for a, b in zip(chain, chain[1:])),
            "root": merkle(item),
            "noticed": merkle(item) != merkle(changed),
        }
