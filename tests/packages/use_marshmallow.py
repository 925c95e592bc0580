"""marshmallow==4.4.0: data checked and converted"""


class Use:
    def process(self, item):
        from marshmallow import Schema, ValidationError, fields, validate

        class User(Schema):
            name = fields.Str(required=True, validate=validate.Length(min=2))
            born = fields.Date()

        loaded = User().load({"name": "ab", "born": "2000-01-02"})
        assert loaded["born"].year == 2000
        try:
            User().load({"name": "a"})
        except ValidationError as error:
            return error.messages
