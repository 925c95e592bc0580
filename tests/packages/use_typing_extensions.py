"""typing-extensions==4.16.0: new types for old Pythons"""


class Use:
    def process(self, item):
        from typing_extensions import Annotated, TypedDict, get_type_hints, override

        class Movie(TypedDict, total=False):
            name: str

        class Child(dict):
            @override
            def get(self, key, default=None):
                return default

        assert get_type_hints(Movie) == {"name": str} and Child().get(1, 2) == 2
        return str(Annotated[int, "x"].__metadata__)
