"""pyparsing==3.3.3: a grammar for sums"""


class Use:
    def process(self, item):
        import pyparsing as pp

        number = pp.Word(pp.nums).set_parse_action(lambda t: int(t[0]))
        sums = pp.infix_notation(
            number,
            [
                ("*", 2, pp.OpAssoc.LEFT, lambda t: t[0][0] * t[0][2]),
                ("+", 2, pp.OpAssoc.LEFT, lambda t: sum(t[0][::2])),
            ],
        )
        assert sums.parse_string("1 + 2 * 3 + 4", parse_all=True)[0] == 11
        return "parsed"
