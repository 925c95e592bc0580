"""simplejson==4.3.0: JSON with decimals"""


class Use:
    def process(self, item):
        from decimal import Decimal

        import simplejson

        data = simplejson.loads('{"a": 1.10, "b": [true, null]}', use_decimal=True)
        assert data["a"] == Decimal("1.10")
        assert simplejson.loads(simplejson.dumps(data, use_decimal=True)) == {
            "a": 1.1,
            "b": [True, None],
        }
        return simplejson.dumps({"b": 1, "a": 2}, sort_keys=True)
