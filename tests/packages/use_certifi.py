"""certifi==2026.10.19.post1: the bundle of certificates is there to read"""


class Use:
    def process(self, item):
        import certifi

        with open(certifi.where(), encoding="ascii") as bundle:
            count = bundle.read().count("BEGIN CERTIFICATE")
        assert count > 100 and certifi.contents().count("BEGIN CERTIFICATE") == count
        return "read"
