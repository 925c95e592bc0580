"""Nodes are debugged as any other Python: in pdb, by tracebacks, with Ctrl-C, with prints."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from functools import partial

import pytest

import remotemedia

pytestmark = pytest.mark.skipif(sys.platform == "wasi", reason="starts processes")

PROGRAM = """
import sys
sys.path[:0] = {path!r}
import remotemedia
remotemedia.__path__[:] = {places!r}
{body}
"""

NODE = """
class Shout:
    def process(self, text):
        loud = text.upper()
        {line}
        return loud + "!"
"""

RUN = """
import remotemedia
graph = {"version": "v1", "nodes": [{"id": "shout", "node_type": "shout:Shout"}]}
print("outputs", remotemedia.run(graph, ["a", "b"]).outputs)
"""


@pytest.fixture
def program(tmp_path):
    """Start a program of this text, beside a module `shout` whose node has this line in it."""

    def start(line, body=RUN, arguments=()):
        (tmp_path / "shout.py").write_text(NODE.format(line=line))
        path = [str(tmp_path), *sys.path]
        places = list(remotemedia.__path__)
        text = PROGRAM.format(path=path, places=places, body=textwrap.dedent(body))
        (tmp_path / "program.py").write_text(text)
        return subprocess.Popen(
            [sys.executable, *arguments, str(tmp_path / "program.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONBREAKPOINT": "pdb.set_trace"},
            # A job in a shell's background ignores Ctrl-C, and so does what it starts.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )

    return start


def test_breakpoint_stops_in_pdb_at_the_line(program):
    started = program("breakpoint()")
    out, err = started.communicate("p loud\nwhere\np text\nnext\nstep\nloud = 'C'\nc\np text\nc\n")
    assert started.returncode == 0, err
    assert "shout.py(5)process()" in out or "shout.py(6)process()" in out
    assert "'A'" in out and "'a'" in out and "'b'" in out
    # Who called is there too, down to the program.
    assert "program.py" in out and '-> print("outputs", remotemedia.run(' in out
    assert out.endswith("outputs ['A!', 'B!']\n")


def test_pdb_can_change_what_a_node_does(program):
    started = program("breakpoint()")
    out, err = started.communicate("loud = 'changed'\nc\nc\n")
    assert out.endswith("outputs ['changed!', 'B!']\n"), err


def test_a_program_under_pdb_stops_at_a_breakpoint_in_a_node(program, tmp_path):
    started = program("pass", arguments=("-m", "pdb"))
    out, err = started.communicate(f"b {tmp_path}/shout.py:6\nc\np loud\nc\nc\nq\n")
    assert started.returncode == 0, err
    assert "shout.py(6)process()" in out and "'A'" in out


def test_tracebacks_are_those_of_the_node(program):
    started = program("raise ValueError(loud)")
    _, err = started.communicate()
    node, _, run = err.partition("The above exception was the direct cause")
    assert 'shout.py", line 5, in process' in node and "ValueError: A" in node
    assert "program.py" in run
    last = run.rstrip().rpartition("\n")[2]
    assert last.endswith("PipelineRunError: node `shout` (shout:Shout, item 0): ValueError: A")


def test_ctrl_c_ends_the_program(program):
    line = "print('here', flush=True); import time; time.sleep(600)"
    started = program(line)
    assert started.stdout.readline() == "here\n"
    started.send_signal(signal.SIGINT)
    _, err = started.communicate()
    assert started.returncode == -signal.SIGINT
    assert 'shout.py", line 5, in process' in err
    assert err.rstrip().endswith("KeyboardInterrupt")


def test_prints_are_the_programs_own(program):
    body = """
    import contextlib, io
    kept = io.StringIO()
    graph = {"version": "v1", "nodes": [{"id": "shout", "node_type": "shout:Shout"}]}
    with contextlib.redirect_stdout(kept):
        remotemedia.run(graph, ["a"])
    assert kept.getvalue() == "said A\\n", kept
    remotemedia.run(graph, ["b"])
    """
    started = program("print('said', loud)", body)
    out, err = started.communicate()
    assert (started.returncode, out, err) == (0, "said B\n", "")


def test_what_is_left_for_the_exit_is_done_at_the_exit(program):
    started = program("import atexit; atexit.register(print, 'bye', loud)")
    out, err = started.communicate()
    assert (out, err) == ("outputs ['A!', 'B!']\nbye B\nbye A\n", "")
