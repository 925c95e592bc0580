from __future__ import annotations

import io
import json
import math
import wave
from array import array
from math import pi, sin
from pathlib import Path

import pytest

from remotemedia import NodeError
from remotemedia.media import Audio, Binary, Control, File
from remotemedia.nodes import (
    AudioBufferNode,
    AudioChunkNode,
    AudioGainNode,
    AudioMixDownNode,
    AudioResampleNode,
    EnergyVadNode,
    WavReaderNode,
    WavWriterNode,
)
from remotemedia.nodes.wav import decode_wav, encode_wav
from remotemedia.runtime.bridge import Runner, expand


def tone(frequency, rate, seconds=0.2, level=0.5):
    count = int(rate * seconds)
    return array("f", [level * sin(2 * pi * frequency * i / rate) for i in range(count)])


def through(node, *items):
    runner = Runner(node)
    results = [result for item in items for result in expand(runner.process(item))]
    return results + list(runner.finish())


def pieces(samples, rate, size, **fields):
    return [Audio(samples[at : at + size], rate, **fields) for at in range(0, len(samples), size)]


def joined(items):
    samples = array("f")
    for item in items:
        samples.extend(item.samples)
    return samples


def test_gain_and_mix():
    audio = Audio(array("f", [0.1, -0.2]), 8000, metadata={"a": 1})
    (louder,) = through(AudioGainNode(20.0), audio)
    assert louder.view.tolist() == pytest.approx([1.0, -2.0])
    assert louder.metadata == {"a": 1} and audio.view[0] == pytest.approx(0.1)
    (clipped,) = through(AudioGainNode(20.0, clip=True), audio)
    assert clipped.view.tolist() == pytest.approx([1.0, -1.0])
    (mono,) = through(AudioMixDownNode(), Audio(array("f", [1, 0, 0.5, -0.5]), 8000, 2))
    assert mono.channels == 1 and mono.view.tolist() == [0.5, 0.0]


def test_other_items():
    control = Control("batch-hint")
    assert through(AudioMixDownNode(), control) == [control]
    with pytest.raises(NodeError, match="takes Audio, not str"):
        through(AudioMixDownNode(), "x")


def test_chunks():
    samples = array("f", range(20))
    audio = [Audio(samples[:14], 1000, 2, timestamp_us=1000), Audio(samples[14:], 1000, 2)]
    chunks = through(AudioChunkNode(4), *audio)
    assert [chunk.frames for chunk in chunks] == [4, 4, 2]
    assert [chunk.timestamp_us for chunk in chunks] == [1000, 5000, 9000]
    assert joined(chunks) == samples
    changed = through(AudioChunkNode(4), Audio(samples[:6], 1000), Audio(samples[:6], 2000))
    assert [(c.frames, c.sample_rate) for c in changed] == [
        (4, 1000),
        (2, 1000),
        (4, 2000),
        (2, 2000),
    ]
    bigger = through(AudioBufferNode(2), *pieces(samples, 1000, 4))
    assert [chunk.frames for chunk in bigger] == [8, 8, 4]
    assert joined(bigger) == samples


@pytest.mark.parametrize(("source", "target"), [(44100, 16000), (16000, 48000), (48000, 44100)])
def test_resample(source, target):
    signal = tone(440, source)
    expected = tone(440, target)
    (whole,) = through(AudioResampleNode(target, continuous=False), Audio(signal, source))
    assert whole.sample_rate == target and len(whole.samples) == len(expected)
    middle = slice(100, -100)
    assert whole.samples[middle] == pytest.approx(expected[middle], abs=1e-4)
    parts = through(AudioResampleNode(target), *pieces(signal, source, 777, timestamp_us=0))
    assert joined(parts) == whole.samples
    assert parts[0].timestamp_us == 0


def test_resample_does_not_alias():
    (low,) = through(AudioResampleNode(16000, continuous=False), Audio(tone(12000, 44100), 44100))
    assert max(map(abs, low.samples[200:-200])) < 1e-3


def test_resample_stereo_and_same_rate():
    left, right = tone(440, 8000), tone(880, 8000)
    both = array("f", bytes(8 * len(left)))
    both[0::2], both[1::2] = left, right
    (stereo,) = through(AudioResampleNode(16000, continuous=False), Audio(both, 8000, 2))
    (mono,) = through(AudioResampleNode(16000, continuous=False), Audio(left, 8000))
    assert stereo.channels == 2 and stereo.samples[0::2] == mono.samples
    same = Audio(left, 16000)
    assert through(AudioResampleNode(), same) == [same]


def test_vad():
    silence = array("f", bytes(4 * 16000))
    signal = silence + tone(300, 16000, 0.5) + silence + tone(300, 16000, 0.25, 0.3)
    parts = through(EnergyVadNode(), *pieces(signal, 16000, 777))
    spans = [(part.metadata["start"], part.metadata["end"]) for part in parts]
    assert spans == [pytest.approx((0.99, 1.5), abs=0.04), pytest.approx((2.49, 2.75), abs=0.04)]
    assert parts[0].duration == pytest.approx(0.5, abs=0.04)
    assert through(EnergyVadNode(), Audio(silence, 16000)) == []
    click = silence[:1000] + tone(300, 16000, 0.02) + silence
    assert through(EnergyVadNode(min_speech_ms=90), Audio(click, 16000)) == []


@pytest.mark.parametrize(
    ("sample_format", "width", "precision"),
    [("s16", 2, 2e-5), ("s24", 3, 2e-7), ("s32", 4, 1e-7), ("f32", 4, 0)],
)
def test_wav(sample_format, width, precision):
    signal = tone(440, 8000)
    parts = pieces(signal, 8000, 300, channels=2)
    (file,) = through(WavWriterNode(sample_format), *parts)
    assert file.mime_type == "audio/wav"
    if sample_format != "f32":
        with wave.open(io.BytesIO(file.bytes)) as known:
            assert known.getparams()[:4] == (2, width, 8000, len(signal) // 2)
    (audio,) = through(WavReaderNode(), file)
    assert (audio.sample_rate, audio.channels) == (8000, 2)
    assert audio.samples == pytest.approx(signal, abs=precision)
    chunks = through(WavReaderNode(chunk_frames=100), bytes(file.bytes))
    assert chunks[0].frames == 100 and joined(chunks) == audio.samples


def test_wav_files_and_errors(tmp_path):
    (file,) = through(WavWriterNode(each=True), Audio(tone(440, 8000), 8000))
    path = tmp_path / "a.wav"
    path.write_bytes(b"xx" + file.bytes)
    assert through(WavReaderNode(), File(str(path), offset=2)) == through(WavReaderNode(), file)
    for bad in (b"", b"RIFF1234WAVE", b"RIFF1234WAVEdata\0\0\0\0", file.bytes[:30]):
        with pytest.raises(NodeError, match="WAV"):
            through(WavReaderNode(), bad)
    with pytest.raises(NodeError, match="not dict"):
        through(WavReaderNode(), {})
    with pytest.raises(NodeError, match="does not fit"):
        through(WavWriterNode(), Audio(b"", 8000), Audio(b"", 16000))
    assert through(WavWriterNode()) == []
    eight = bytearray(io.BytesIO().getvalue())
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as writer:
        writer.setparams((1, 1, 8000, 0, "NONE", ""))
        writer.writeframes(bytes([0, 128, 255]))
    (audio,) = through(WavReaderNode(), Binary(buffer.getvalue()))
    assert audio.view.tolist() == pytest.approx([-1, 0, 127 / 128])
    assert not eight


WAV_FILES = Path(__file__).parents[2] / "tests/media/wav"


@pytest.mark.parametrize(
    "case", json.loads((WAV_FILES / "cases.json").read_text()), ids=lambda case: case["file"]
)
def test_wav_files_hold_what_their_cases_say(case):
    content = (WAV_FILES / case["file"]).read_bytes()
    if "error" in case:
        with pytest.raises(NodeError, match=case["error"]):
            decode_wav(content)
        return
    wav = decode_wav(content)
    assert list(wav.samples) == case["samples"]
    assert (wav.sample_rate, wav.channels) == (case["sample_rate"], case["channels"])
    assert ("warning" in case) == (wav.warning is not None)
    assert case.get("warning", "") in (wav.warning or "")


def test_wav_writer_names_a_sample_that_has_no_form():
    samples = [0.0, 0.5, math.nan]
    with pytest.raises(NodeError, match="sample 2 is NaN"):
        encode_wav(Audio(samples, 8000))
    assert math.isnan(decode_wav(encode_wav(Audio(samples, 8000), "f32")).samples[2])
    loud = decode_wav(encode_wav(Audio([math.inf, -math.inf, 2.0], 8000))).samples
    assert list(loud) == [32767 / 32768, -1.0, 32767 / 32768]
