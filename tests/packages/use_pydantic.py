"""pydantic==1.10.27: models in Python alone (version 1)"""


class Use:
    def process(self, item):
        from pydantic import BaseModel, ValidationError, validator

        class User(BaseModel):
            id: int
            tags: list[str] = []

            @validator("id")
            def positive(cls, value):
                if value < 0:
                    raise ValueError("negative")
                return value

        assert User(id="3", tags=["a"]).dict() == {"id": 3, "tags": ["a"]}
        try:
            User(id=-1)
        except ValidationError as error:
            return error.errors()[0]["msg"]
