"""Nodes of your own: any class with a `process`, in any module."""

from collections import Counter

from remotemedia import Node


class WordCount(Node):
    """Counts the words of all texts, and gives the most frequent at the end."""

    def __init__(self, most: int = 3, **kwargs):
        super().__init__(**kwargs)
        self.most = most
        self.words = Counter()

    def process(self, text):
        self.words.update(text.lower().split())
        return None

    def flush(self):
        return dict(self.words.most_common(self.most))


class Shout:
    """A node need not extend anything."""

    def process(self, text):
        return text.upper() + "!"
