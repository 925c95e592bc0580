"""jmespath==1.1.0: questions to JSON"""


class Use:
    def process(self, item):
        import jmespath

        data = {"people": [{"n": "a", "age": 3}, {"n": "b", "age": 30}]}
        assert jmespath.search("people[?age > `18`].n | [0]", data) == "b"
        return jmespath.search("max_by(people, &age).n", data)
