"""A node of one's own, for the queue: examples/nats/run.sh."""


class Slogan:
    """Says something louder."""

    def __init__(self, mark="!", **params):
        self.mark = mark

    def process(self, text):
        return text.upper() + self.mark
