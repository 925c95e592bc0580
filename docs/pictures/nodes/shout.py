"""For the picture of a failed run."""


class Shout:
    """Says what it is told, louder."""

    def process(self, text: str) -> str:
        """Fails on anything that is no text."""
        print("heard", text)
        return text.upper() + "!"
