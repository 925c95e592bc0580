"""Integers beyond any machine word: arithmetic, bits, bases, primes."""

INPUT = 521


def probably_prime(n):
    if n < 2 or n % 2 == 0:
        return n == 2
    d, s = n - 1, 0
    while d % 2 == 0:
        d, s = d // 2, s + 1
    for base in (2, 3, 5, 7, 11, 13):
        x = pow(base, d, n)
        if x in (1, n - 1):
            continue
        for _ in range(s - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


class Program:
    def process(self, item):
        mersenne = 2**item - 1
        a, b = 0, 1
        for _ in range(1000):
            a, b = b, a + b
        p, q, e = 2**127 - 1, 2**89 - 1, 65537
        d = pow(e, -1, (p - 1) * (q - 1))
        message = int.from_bytes(b"attack at dawn", "big")
        secret = pow(message, e, p * q)
        return {
            "mersenne": mersenne,
            "prime": [probably_prime(mersenne), probably_prime(mersenne + 2)],
            "fibonacci": a,
            "rsa": [secret, pow(secret, d, p * q).to_bytes(14, "big")],
            "divmod": divmod(-(10**30), 7**20),
            "bits": [mersenne.bit_length(), mersenne.bit_count(), (10**20).bit_length()],
            "shifts": [1 << 100, -(1 << 70) >> 3, ~(2**65)],
            "bases": [hex(10**25), oct(2**70), int("zz" * 12, 36), int("0b1011", 0)],
            "bytes": [(2**80 + 1).to_bytes(11, "little"), (-5).to_bytes(3, "big", signed=True)],
            "formatted": [f"{10**20:,}", f"{2**70:x}", f"{-(10**18):+_}"],
            "float": [float(2**100), 2**53 + 1 == float(2**53 + 1), int(1e20), (2**100) / (2**98)],
            "negative": [-(2**63), -(2**63) - 1, 2**64],
        }
