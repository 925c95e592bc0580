"""What runs are given: manifests, and items that may be meant for one source."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from typing import Any


def manifest_text(manifest: dict[str, Any] | str | PathLike[str]) -> str:
    """The text of a manifest: a dict as a file would hold it, its text, or a path to it.

    A pipeline on one line, `Type param=value ! Type`, is text too.

    What JSON has no form for may be in a dict as it is: bytes, tuples, NaN, media. Raises
    PipelineRunError for what is no data.
    """
    if isinstance(manifest, dict):
        from .jsonform import ValueFormError, to_form, write_json

        try:
            return write_json(to_form(manifest))
        except ValueFormError as error:
            from .results import PipelineRunError

            said = str(error)
            raise PipelineRunError("invalid-manifest", said, problems=[said]) from None
    if isinstance(manifest, str) and (
        "\n" in manifest or " ! " in manifest or manifest.lstrip()[:1] in ("{", "[")
    ):
        return manifest
    with open(manifest, encoding="utf-8") as file:
        return file.read()


class Meant:
    """An item for the source of one id: what `to_node` makes."""

    __slots__ = ("item", "node_id")

    def __init__(self, node_id: str, item: Any) -> None:
        self.node_id = node_id
        self.item = item


def to_node(node_id: str, item: Any) -> Any:
    """An item that only the source of this id gets, wherever items are given."""
    return Meant(node_id, item)
