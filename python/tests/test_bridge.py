from __future__ import annotations

import pytest

from remotemedia.runtime import bridge


def problems(node_type, params):
    return [p.message for p in bridge.check_params(node_type, params)]


def test_node_infos():
    infos = bridge.node_infos()
    names = [info.node_type for info in infos]
    assert names == sorted(names)
    known = {info.node_type: info for info in infos}
    for name in ("PassThrough", "Echo", "BufferNode", "TextProcessorNode", "WavReaderNode"):
        assert known[name].unavailable is None
        assert known[name].summary
    assert known["StatefulCounter"].streaming
    assert "aiortc" in known["MediaReaderNode"].unavailable
    (size,) = known["BufferNode"].params
    assert (size.name, size.type, size.required, size.default) == ("buffer_size", "int", False, 10)
    (function,) = known["TextTransformNode"].params
    assert function.required


def test_left_out_nodes_do_not_break_the_import():
    import remotemedia.nodes

    with pytest.raises(ImportError, match="needs aiortc"):
        from remotemedia.nodes import MediaReaderNode  # noqa: F401
    namespace: dict = {}
    exec("from remotemedia.nodes import *", namespace)
    assert namespace["AddNode"] is remotemedia.nodes.AddNode


@pytest.mark.parametrize(
    ("node_type", "message"),
    [
        ("MultiplyNod", "did you mean `MultiplyNode`"),
        ("multiplynode", "did you mean `MultiplyNode`"),
        ("Whatever", "module:Class"),
        ("my.module.Shout", "write `my.module:Shout`"),
        ("no_such_module:Shout", r"no module `no_such_module` \(looked in"),
        ("a b:c", "must read `module:Class`"),
        ("MediaReaderNode", "needs aiortc"),
    ],
)
def test_unknown_types(node_type, message):
    with pytest.raises(bridge.UnknownNodeType, match=message):
        bridge.describe(node_type)


def test_classes_in_modules(module):
    module(
        "mine",
        '''
        from remotemedia import Node

        class Shout(Node):
            """Shout a text.

            And more.
            """

            is_streaming = True

            def __init__(self, marks: int, tone: "str | None" = None, sizes=(1, 2), **kwargs):
                super().__init__(**kwargs)

            def process(self, data):
                return data

        class Source(Node):
            def process(self):
                yield 1

        class Other:
            pass

        value = 3
        ''',
    )
    info = bridge.describe("mine:Shout")
    assert (info.summary, info.streaming, info.source) == ("Shout a text", True, False)
    assert [(p.name, p.type, p.required, p.default) for p in info.params] == [
        ("marks", "int", True, None),
        ("tone", "str | None", False, None),
        ("sizes", "tuple", False, (1, 2)),
    ]
    assert bridge.describe("mine:Source").source
    for node_type, message in (
        ("mine:Shoot", "did you mean `mine:Shout`"),
        ("mine:Zzz", "its node classes: Shout, Source"),
        ("mine:Other", "has no `process`"),
        ("mine:value", "is not a class"),
    ):
        with pytest.raises(bridge.UnknownNodeType, match=message):
            bridge.describe(node_type)


def test_a_module_with_a_missing_dependency(module):
    module("needy", "import no_such_package\n")
    with pytest.raises(bridge.NodeUnavailable, match="`needy` needs `no_such_package`"):
        bridge.describe("needy:Any")


def test_a_module_that_fails_keeps_its_exception(module):
    module("broken", "1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        bridge.describe("broken:Any")


def test_check_params():
    assert problems("MultiplyNode", {"factor": 3, "name": "x"}) == []
    assert problems("MultiplyNode", {"multiplier": 3}) == []
    (message,) = problems("MultiplyNode", {"factr": 3})
    assert message == "unknown param `factr`: did you mean `factor`? (known: factor, multiplier)"
    assert problems("PassThrough", {"x": 3}) == ["unknown param `x` (known: it takes none)"]
    (message,) = problems("TextTransformNode", {})
    assert message == "missing required param `transform_func`"
    (message,) = problems("BufferNode", {"buffer_size": "big"})
    assert "expected int, got str 'big'" in message
    assert problems("BufferNode", {"buffer_size": True})
    assert problems("CodeExecutorNode", {"allowed_modules": ["math"], "code": None}) == []
    assert problems("CodeExecutorNode", {"allowed_modules": "math"})
    assert problems("TextProcessorNode", {"anything": 1}) == []


def test_check_params_of_classes(module):
    module(
        "shapes",
        """
        from typing import Optional, Union
        from remotemedia import Node

        class Base(Node):
            def __init__(self, size: int = 1, **kwargs):
                super().__init__(**kwargs)
            def process(self, data):
                return data

        class Derived(Base):
            def __init__(self, width: Optional[float], **kwargs):
                super().__init__(size=2, **kwargs)

        class Strict(Node):
            def __init__(self, a: Union[int, str], *, b: dict[str, int] = {}):
                super().__init__()
            def process(self, data):
                return data
        """,
    )
    assert problems("shapes:Base", {"other": 1}) == []
    assert [p.name for p in bridge.describe("shapes:Derived").params] == ["width", "size"]
    assert problems("shapes:Derived", {"width": None}) == []
    assert problems("shapes:Derived", {"width": 2}) == []
    assert problems("shapes:Derived", {"width": "2"})
    assert problems("shapes:Strict", {"a": "x", "b": {}}) == []
    assert problems("shapes:Strict", {"a": 1.5})
    assert problems("shapes:Strict", {"a": 1, "c": 2}) == ["unknown param `c` (known: a, b)"]
    # The options of every node are left out where the class does not take them.
    assert bridge.open_node("shapes:Strict", "n", {"a": 1, "name": "x"}).node.name == "Strict"
    assert bridge.open_node("shapes:Base", "n", {"name": "x"}).node.name == "x"
    node = bridge.open_node("shapes:Base", "n", {"extra": 1}).node
    assert node.config == {"extra": 1}


def test_options_of_every_node(module):
    module(
        "opts",
        """
        from typing import Unpack
        from remotemedia.core.node import Node, NodeOptions

        class Opts(Node):
            def __init__(self, size: int = 1, **options: Unpack[NodeOptions]):
                super().__init__(**options)
            def process(self, data):
                return data
        """,
    )
    assert problems("opts:Opts", {"size": 1, "name": "n", "max_sessions": 2}) == []
    assert problems("opts:Opts", {"other": 1}) == ["unknown param `other` (known: size)"]
    assert bridge.open_node("opts:Opts", "x", {"name": "n"}).node.name == "n"


def test_node_id_is_passed_to_those_who_ask(module):
    module(
        "ids",
        """
        class Duck:
            def __init__(self, node_id, size=1):
                self.node_id = node_id
            def process(self, data):
                return data
        """,
    )
    assert problems("ids:Duck", {}) == []
    assert bridge.open_node("ids:Duck", "n1", {}).node.node_id == "n1"


def test_instance_attributes_count(module):
    module(
        "late",
        """
        from remotemedia import Node

        class Late(Node):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
                self.is_streaming = True

            async def process(self, stream):
                async for item in stream:
                    yield item
        """,
    )
    assert bridge.open_node("late:Late", "n", {}).streaming


def test_format_error_shows_the_users_frames(module):
    module(
        "fails",
        """
        class Fails:
            async def process(self, data):
                raise ValueError("no")
        """,
    )
    runner = bridge.open_node("fails:Fails", "n", {})
    with pytest.raises(ValueError) as caught:
        list(bridge.expand(runner.process(1)))
    text = bridge.format_error(caught.value)
    assert text.startswith("Traceback") and text.endswith("ValueError: no")
    assert "fails.py" in text
    assert "remotemedia/runtime" not in text
