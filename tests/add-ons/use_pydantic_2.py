"""pydantic-core==2.50.5: pydantic 2, which checks with it"""
# needs: pydantic==2.14.4

from __future__ import annotations


class Use:
    def process(self, item):
        from datetime import datetime
        from typing import Annotated, Literal

        from pydantic import BaseModel, Field, TypeAdapter, ValidationError, field_validator

        class Tone(BaseModel):
            kind: Literal["tone"] = "tone"
            hertz: Annotated[float, Field(gt=0, le=24_000)]

        class Silence(BaseModel):
            kind: Literal["silence"] = "silence"
            seconds: float

        class Clip(BaseModel):
            id: int
            made: datetime
            parts: list[Annotated[Tone | Silence, Field(discriminator="kind")]]
            tags: dict[str, set[str]] = {}

            @field_validator("id")
            @classmethod
            def positive(cls, value: int) -> int:
                if value < 0:
                    raise ValueError("negative")
                return value

        Clip.model_rebuild(_types_namespace={**globals(), **locals()})
        text = '{"id": "3", "made": "2026-11-27T10:00:00Z", "parts": [{"kind": "tone", "hertz": 440}, {"kind": "silence", "seconds": 1}]}'
        clip = Clip.model_validate_json(text)
        assert clip.id == 3 and clip.made.year == 2026 and isinstance(clip.parts[0], Tone)
        assert Clip.model_validate_json(clip.model_dump_json()) == clip
        assert TypeAdapter(list[int]).validate_python(["1", 2]) == [1, 2]
        assert Clip.model_json_schema()["required"] == ["id", "made", "parts"]
        try:
            Clip.model_validate({"id": -1, "made": "x", "parts": [{"kind": "tone", "hertz": 0}]})
        except ValidationError as error:
            return [".".join(map(str, line["loc"])) for line in error.errors()]
