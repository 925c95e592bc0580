"""Audio as the SDK's nodes on numpy take it, and what they give as items again."""

import numpy

from remotemedia.media import Audio


class Arrays:
    """Give audio as (array of channels and samples, sample rate)."""

    def process(self, item):
        if not isinstance(item, Audio):
            raise TypeError("this is no audio")
        samples = numpy.asarray(item.view).reshape(-1, item.channels).T
        return numpy.ascontiguousarray(samples), item.sample_rate


class Plain:
    """Give the shapes of arrays in their place, wherever they are."""

    def process(self, item):
        return self.plain(item)

    def plain(self, value):
        if isinstance(value, numpy.ndarray):
            return {"shape": list(value.shape), "dtype": str(value.dtype)}
        if isinstance(value, numpy.generic):
            return value.item()
        if isinstance(value, dict):
            return {key: self.plain(part) for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.plain(part) for part in value]
        return value
