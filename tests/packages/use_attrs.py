"""attrs==26.1.0: classes without boilerplate"""


class Use:
    def process(self, item):
        import attrs

        @attrs.define(order=True)
        class Point:
            x: int = attrs.field(converter=int)
            y: int = attrs.field(default=0, validator=attrs.validators.ge(0))

        assert Point("1") == Point(1, 0) and Point(1) < Point(2)
        try:
            Point(1, -1)
        except ValueError:
            return attrs.asdict(attrs.evolve(Point(1), y=5))
