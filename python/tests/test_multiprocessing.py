from __future__ import annotations

import array
import sys

import pytest

from remotemedia import media
from remotemedia.core.multiprocessing import (
    DataType,
    MultiprocessNode,
    NodeConfig,
    NodeStatus,
    RuntimeData,
    get_node_class,
    get_node_requirements,
    list_registered_nodes,
    python_requires,
    register_node,
)
from remotemedia.core.multiprocessing.data import ControlMessageType
from remotemedia.nodes._registry import REGISTERED
from remotemedia.runtime import bridge
from remotemedia.runtime.bridge import Runner, expand
from remotemedia.runtime.inspection import takes_stream

AUDIO = media.Audio([0.5, -0.5, 0.25, 0.0], 8000, 2, "s", 1_000_000, {"who": "a"})


def run(cls, items, params=None, node_type="Made"):
    REGISTERED[node_type] = cls
    try:
        runner = bridge.open_node(node_type, "n1", params or {})
    finally:
        del REGISTERED[node_type]
    runner.initialize()
    results = []
    for item in items:
        results += expand(runner.process(item))
    results += runner.finish()
    runner.cleanup()
    return results, runner.node


class Upper(MultiprocessNode):
    async def initialize(self):
        await super().initialize()
        assert self.status is NodeStatus.READY

    async def process(self, data):
        if data.is_text():
            return RuntimeData.text(data.as_text().upper() + self.config.get("end", ""))
        return data

    async def cleanup(self):
        await super().cleanup()


def test_a_node_is_made_of_its_config():
    results, node = run(Upper, ["hi"], {"end": "!"})
    assert results == ["HI!"]
    assert (node.node_id, node.node_type, node.name) == ("n1", "Made", "n1")
    assert node.config == {"end": "!"}
    assert node.status is NodeStatus.STOPPED
    assert node.get_stats()["messages_processed"] == 1


class OldStyle(MultiprocessNode):
    def __init__(self, node_id=None, config=None, **kwargs):
        if config is None:
            config = {"node_id": node_id, "node_type": "old", "params": {}}
        super().__init__(config=config, **kwargs)


class Positional(OldStyle):
    def __init__(self, node_id, config, voice="a", **kwargs):
        super(OldStyle, self).__init__(config, **kwargs)
        self.voice = voice

    def process(self, data):
        return f"{self.voice} {data.as_json()}"


class ConfigFirst(MultiprocessNode):
    def __init__(self, config=None, *, node_id=None, model="a", **kwargs):
        super().__init__(config, **kwargs)
        self.given = (node_id, model)

    def process(self, data):
        return list(self.given)


def test_a_config_may_come_first():
    assert run(ConfigFirst, [1], {"model": "b"})[0] == [["n1", "b"]]


def test_constructors_as_the_sdk_has_them():
    results, node = run(Positional, [[1]], {"voice": "b", "x": 1})
    assert results == ["b [1]"]
    assert node.config == {"voice": "b", "x": 1}
    with pytest.raises(TypeError, match="abstract"):
        OldStyle("n")
    assert Upper("alone").node_id == "alone"
    assert Upper(NodeConfig("a", "b")).node_type == "b"
    assert Upper(config={"node_id": "a", "params": {"x": 1}}).config == {"x": 1}
    assert bridge.check_params is not None


@pytest.mark.parametrize(
    ("item", "kind", "back"),
    [
        ("text", DataType.TEXT, "text"),
        ({"a": [1]}, DataType.JSON, {"a": [1]}),
        (3, DataType.JSON, 3),
        (None, DataType.JSON, None),
        (b"\x00\x01", DataType.BINARY, b"\x00\x01"),
        (media.Text("t", "en", "ui"), DataType.TEXT, media.Text("t", "en", "ui")),
        (media.Text("t"), DataType.TEXT, media.Text("t")),
        (AUDIO, DataType.AUDIO, AUDIO),
        (media.Binary(b"x", "a/b"), DataType.BINARY, media.Binary(b"x", "a/b")),
        (media.File("/p", size=3), DataType.FILE, media.File("/p", size=3)),
        (
            media.Control("batch-hint", "s", 5),
            DataType.CONTROL_MESSAGE,
            media.Control("batch-hint", "s", 5),
        ),
        (
            media.Video(bytes(12), 2, 2, "rgb24", None, 7, 8, True, "v"),
            DataType.VIDEO,
            media.Video(bytes(12), 2, 2, "rgb24", None, 7, 8, True, "v"),
        ),
        (
            media.Video(bytes(6), 2, 2, "yuv420p"),
            DataType.VIDEO,
            media.Video(bytes(6), 2, 2, "yuv420p"),
        ),
        (
            media.Tensor(bytes(8), (2, 1), "f32"),
            DataType.TENSOR,
            media.Tensor(bytes(8), (2, 1), "f32"),
        ),
    ],
)
def test_items_come_back_as_they_were(item, kind, back):
    data = RuntimeData.of(item, "session")
    assert data.type is kind
    assert data.session_id == "session"
    assert getattr(data, f"is_{data.data_type()}")()
    assert data.as_item() == back


def test_what_has_no_form_is_refused():
    with pytest.raises(ValueError, match="no form as RuntimeData"):
        RuntimeData.of(media.Video(b"x", 2, 2, "encoded", "h264"))


def test_payloads_are_arrays_in_the_items_memory():
    numpy = pytest.importorskip("numpy")
    samples = array.array("f", [0.0, 1.0])
    data = RuntimeData.of(media.Audio(samples, 8000))
    assert data.as_numpy().dtype == numpy.float32
    data.payload[0] = 0.5
    assert samples[0] == 0.5
    assert RuntimeData.of(media.Tensor(bytes(6), (2, 3), "u8")).payload.shape == (2, 3)
    assert RuntimeData.of(numpy.zeros((2, 2))).type is DataType.NUMPY
    whole = RuntimeData.audio(numpy.array([16384, -32768], "int16"), 8000)
    assert list(whole.as_item().samples) == [0.5, -1.0]
    assert RuntimeData.tensor([[1.0, 2.0]]).as_item().shape == (1, 2)


def test_audio_as_bytes():
    samples, rate, channels, form, count = RuntimeData.of(AUDIO).as_audio()
    assert (len(samples), rate, channels, form, count) == (16, 8000, 2, "f32", 4)
    assert RuntimeData.audio([0.0] * 80, 8000).metadata.duration_ms == 10


def test_forms_of_constructors():
    with pytest.raises(ValueError, match="Audio data requires AudioMetadata"):
        RuntimeData(DataType.AUDIO, b"", "s")
    with pytest.raises(ValueError, match="Unknown control message"):
        RuntimeData(DataType.CONTROL_MESSAGE, {"message_type": {}}, "s")
    data = RuntimeData(
        DataType.CONTROL_MESSAGE,
        {"message_type": {"CancelSpeculation": {"from_timestamp": 3}}, "segment_id": "x"},
    )
    assert data.is_cancellation()
    assert (data.metadata.from_timestamp, data.metadata.segment_id) == (3, "x")
    hint = RuntimeData.control_message(ControlMessageType.BATCH_HINT, suggested_batch_size=4)
    assert hint.metadata.suggested_batch_size == 4
    with pytest.raises(ValueError, match="TEXT data"):
        hint.as_text()


def test_generators_of_runtime_data():
    class Twice(MultiprocessNode):
        async def process(self, data):
            yield data
            yield RuntimeData.json({"n": 1})
            yield "plain"

    assert run(Twice, [AUDIO])[0] == [AUDIO, {"n": 1}, "plain"]


def test_an_annotation_is_enough():
    class Plain:
        def process(self, data: RuntimeData) -> RuntimeData | None:
            return RuntimeData.text("yes") if data.is_text() else None

    runner = Runner(Plain())
    assert list(expand(runner.process("x"))) == ["yes"]
    assert list(expand(runner.process(1))) == []


def test_registered_names():
    @register_node("shouter")
    @python_requires(["numpy>=2"])
    class Shouter(MultiprocessNode):
        def process(self, data):
            return data

    try:
        assert get_node_class("shouter") is Shouter
        assert get_node_requirements("shouter") == ["numpy>=2"]
        assert "shouter" in list_registered_nodes()
        with pytest.raises(KeyError, match="unknown node type"):
            get_node_class("whisperer")
    finally:
        del REGISTERED["shouter"]


def test_a_missing_package_is_named_with_what_the_class_says():
    @python_requires(["torch>=2"])
    class Needs(MultiprocessNode):
        async def initialize(self):
            import no_such_package_of_anybody  # noqa: F401

        def process(self, data):
            return data

    with pytest.raises(Exception, match=r"no_such_package.*says that it needs torch>=2"):
        run(Needs, [])


def test_only_the_class_makes_a_stream(both):
    class Newer(MultiprocessNode):
        is_streaming = True  # the SDK's newer nodes say so, and get item by item

        def process(self, data):
            return data

    class Annotated:
        async def process(self, items: AsyncIterator[int]):  # noqa: F821
            yield sum([item async for item in items])

    assert not takes_stream(Newer)
    assert takes_stream(Annotated)
    runner = Runner(Annotated())
    assert runner.streaming
    for item in (1, 2):
        assert list(runner.push(item)) == []
    assert list(runner.finish()) == [3]


def test_the_stream_is_no_text(both):
    class Wrong:
        is_streaming = True

        async def process(self, items):
            yield f"{items}!"

    runner = Runner(Wrong())
    with pytest.raises(TypeError, match="async for item in"):
        list(runner.push(1))
    runner.cleanup()


def test_without_numpy(monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert RuntimeData.of(AUDIO).as_item() == AUDIO
    tensor = media.Tensor(bytes(8), (2, 1), "f32")
    assert RuntimeData.audio([0.0, 1.0], 8000).as_item().frames == 2
    assert RuntimeData.of(tensor).size == 8
