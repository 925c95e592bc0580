"""A WAV file written to memory and read again."""

import array
import io
import wave

INPUT = {"rate": 8000, "frames": 40, "step": 1000}


class Program:
    def process(self, item):
        left = [(n * item["step"]) % 20000 - 10000 for n in range(item["frames"])]
        right = [-value for value in left]
        samples = array.array("h", [v for pair in zip(left, right) for v in pair])
        out = io.BytesIO()
        with wave.open(out, "wb") as writer:
            writer.setnchannels(2)
            writer.setsampwidth(2)
            writer.setframerate(item["rate"])
            writer.writeframes(samples.tobytes())
        data = out.getvalue()
        with wave.open(io.BytesIO(data)) as reader:
            params = reader.getparams()
            reader.setpos(5)
            middle = array.array("h", reader.readframes(3)).tolist()
            place = reader.tell()
            reader.rewind()
            everything = reader.readframes(10**6)
        try:
            wave.open(io.BytesIO(b"RIFF\0\0\0\0WAVX"))
        except (wave.Error, EOFError) as error:
            refused = type(error).__name__
        return {
            "header": data[:44],
            "size": len(data),
            "params": [params.nchannels, params.sampwidth, params.framerate, params.nframes, params.comptype],
            "middle": middle,
            "place": place,
            "same": everything == samples.tobytes(),
            "refused": refused,
        }
