"""idna==3.20: names of hosts in all alphabets"""


class Use:
    def process(self, item):
        import idna

        assert idna.encode("bücher.example") == b"xn--bcher-kva.example"
        assert idna.decode("xn--bcher-kva.example") == "bücher.example"
        try:
            idna.encode("-bad-")
        except idna.IDNAError:
            return "encoded"
