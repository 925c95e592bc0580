"""Warnings recorded, filtered, turned into errors."""

import warnings

INPUT = ["one", "two", "two"]


class OwnWarning(UserWarning):
    pass


def old(text):
    warnings.warn(f"old {text}", DeprecationWarning, stacklevel=2)
    return text


class Program:
    def process(self, item):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for text in item:
                old(text)
            warnings.warn("mine", OwnWarning)
        with warnings.catch_warnings(record=True) as once:
            warnings.resetwarnings()
            warnings.simplefilter("once")
            for _ in range(3):
                warnings.warn("repeated", OwnWarning)
        with warnings.catch_warnings():
            warnings.simplefilter("error", OwnWarning)
            warnings.filterwarnings("ignore", message="quiet.*")
            try:
                warnings.warn("loud", OwnWarning)
            except OwnWarning as error:
                raised = str(error)
            warnings.warn("quiet please", OwnWarning)
        explicit = warnings.formatwarning("text", UserWarning, "file.py", 7, line="code()")
        return {
            "caught": [[w.category.__name__, str(w.message)] for w in caught],
            "place": caught[0].filename.rpartition("/")[2],
            "once": len(once),
            "raised": raised,
            "formatted": explicit,
        }
