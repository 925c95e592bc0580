"""jsonschema==4.17.3: data that fits a schema, and data that does not"""


class Use:
    def process(self, item):
        import jsonschema

        schema = {
            "type": "object",
            "properties": {"age": {"type": "integer", "minimum": 0}},
            "required": ["age"],
        }
        jsonschema.validate({"age": 3}, schema)
        problems = list(jsonschema.Draft7Validator(schema).iter_errors({"age": -1}))
        assert len(problems) == 1 and list(problems[0].path) == ["age"]
        return problems[0].message
