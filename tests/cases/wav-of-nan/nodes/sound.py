from remotemedia.media import Audio


class Makes:
    def __init__(self, sample):
        self.sample = sample

    def process(self, item):
        return Audio([0.25, self.sample], 8000)
