"""UUIDs from names and seeds, their fields and forms."""

import random
import uuid

INPUT = ["python.org", "example.com/page?x=1", ""]


class Program:
    def process(self, item):
        spaces = {"dns": uuid.NAMESPACE_DNS, "url": uuid.NAMESPACE_URL, "oid": uuid.NAMESPACE_OID}
        rng = random.Random(42)
        seeded = uuid.UUID(int=rng.getrandbits(128), version=4)
        first = uuid.uuid5(uuid.NAMESPACE_DNS, item[0])
        fields = uuid.UUID("{12345678-1234-1678-9234-567812345678}")
        errors = []
        for text in ("", "1234", "g" * 32):
            try:
                errors.append(str(uuid.UUID(text)))
            except ValueError as error:
                errors.append(type(error).__name__)
        return {
            "uuid5": {name: [str(uuid.uuid5(space, text)) for text in item] for name, space in spaces.items()},
            "uuid3": [str(uuid.uuid3(uuid.NAMESPACE_URL, text)) for text in item],
            "seeded": [str(seeded), seeded.version, seeded.variant],
            "forms": [first.hex, first.urn, first.int, first.bytes],
            "fields": [fields.time_low, fields.version, fields.clock_seq, fields.node],
            "sorted": sorted([str(u) for u in (first, fields, seeded)])[0],
            "equal": uuid.UUID(bytes=first.bytes) == uuid.UUID(first.hex) == first,
            "random": [uuid.uuid4().version, uuid.uuid4() != uuid.uuid4()],
            "errors": errors,
        }
