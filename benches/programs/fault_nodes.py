"""What messages run while everything around them fails: see benches/nats_faults.py.

It imports nothing: what a fresh sandbox imports would be most of its run.
"""


class Fan:
    """Gives none to three outputs for a number, and fails at every 97th."""

    def process(self, item):
        number = item["number"]
        if number % 97 == 0:
            raise ValueError(f"{number} is a multiple of 97")
        for part in range(number % 4):
            text = f"{item['text']} {part}"
            check = sum(place * ord(letter) for place, letter in enumerate(text))
            yield {"number": number, "part": part, "text": text.upper(), "check": check}
