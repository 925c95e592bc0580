//! numpy in the sandbox: what conformance cases can't show.

use serde_json::json;

use crate::program::{Files, Run, dist, run};

/// Runs a node of this source on one item.
fn node(source: &str, input: &str) -> Run {
    node_with(&[], source, input)
}

/// Runs a node of this source on one item, with options.
fn node_with(options: &[&str], source: &str, input: &str) -> Run {
    let files = Files::new(&[
        ("nodes/own.py", source),
        (
            "m.json",
            r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "own:Own"}]}"#,
        ),
    ]);
    let (manifest, nodes) = (files.path("m.json"), files.path("nodes"));
    let own = ["run", &manifest, "--nodes", &nodes, "--input", input];
    run(own.iter().chain(options))
}

#[test]
fn no_two_instances_draw_the_same() {
    const SOURCE: &str = "
import numpy as np
from numpy.random import randint

LOADED = np.random.mtrand._rand.random()


class Own:
    def process(self, item):
        numbers = [LOADED, np.random.rand(), int(randint(1 << 30)), np.random.default_rng().random()]
        np.random.seed(item)
        return {'fresh': numbers, 'seeded': np.random.rand()}
";
    let [first, second] = [(); 2].map(|()| node(SOURCE, "7").code(0).outputs());
    assert_eq!(first[0]["seeded"], json!(0.076_308_289_373_957_17));
    assert_eq!(first[0]["seeded"], second[0]["seeded"]);
    for at in 0..4 {
        assert_ne!(first[0]["fresh"][at], second[0]["fresh"][at]);
    }
}

#[test]
fn arrays_are_saved_and_loaded() {
    const SOURCE: &str = "
import numpy as np


class Own:
    def process(self, item):
        array = np.arange(item, dtype='i2').reshape(2, -1)
        np.save('/tmp/one.npy', array)
        np.savez('/tmp/two.npz', array=array)
        one, two = np.load('/tmp/one.npy'), np.load('/tmp/two.npz')['array']
        return [one.tolist(), (one == two).all(), str(one.dtype)]
";
    let plain = dist().join("pipeline-plain.wasm").display().to_string();
    for options in [&[][..], &["--component", &plain]] {
        let outputs = node_with(options, SOURCE, "4").code(0).outputs();
        assert_eq!(outputs, json!([[[[0, 1], [2, 3]], true, "int16"]]));
    }
}

#[test]
fn products_are_those_of_plain_loops() {
    const SOURCE: &str = "
import itertools

import numpy as np


def layouts(a):
    yield a
    yield np.asfortranarray(a)
    yield np.repeat(np.repeat(a, 2, 0), 3, 1)[::2, ::3]
    yield a[::-1, ::-1].copy()[::-1, ::-1]


def plain(a, b):
    out = np.zeros((len(a), b.shape[1]), a.dtype)
    for i, j, k in itertools.product(range(len(a)), range(b.shape[1]), range(len(b))):
        out[i, j] += a[i, k] * b[k, j]
    return out


class Own:
    def process(self, item):
        tried = 0
        for kind in ('f4', 'f8', 'c8', 'c16'):
            for m, k, n in ((1, 1, 1), (3, 4, 5), (1, 7, 4), (6, 5, 1), (17, 9, 8), (2, 0, 3)):
                a = (np.arange(m * k) % 7 - 3).reshape(m, k).astype(kind)
                b = (np.arange(k * n) % 5 - 2).reshape(k, n).astype(kind)
                if kind[0] == 'c':
                    a, b = a * (1 + 2j), b * (1 - 1j)
                    a, b = a.astype(kind), b.astype(kind)
                wanted = plain(a, b)
                for x, y in itertools.product(layouts(a), layouts(b)):
                    for got in (x @ y, np.dot(x, y), np.matmul(y.T, x.T).T):
                        assert (got == wanted).all(), (kind, m, k, n)
                    if n == 1:
                        assert (x @ y[:, 0] == wanted[:, 0]).all(), (kind, m, k)
                    if m == 1:
                        assert (x[0] @ y == wanted[0]).all(), (kind, k, n)
                    if m == n == 1:
                        assert np.dot(x[0], y[:, 0]) == wanted[0, 0]
                        assert np.vdot(x[0], y[:, 0]) == plain(a.conj(), b)[0, 0]
                    tried += 1
                for x in layouts(a):
                    assert (x @ x.T == plain(a, a.T)).all(), (kind, m, k)
                    assert (x.T @ x == plain(a.T, a)).all(), (kind, m, k)
                    assert (np.dot(x, x.dtype.type(3)) == a * 3).all()
                    assert (np.dot(x, np.full((1, 1), 3, kind)) == a * 3).all() if k == 1 else True
                # What was in the memory of the result is of no account.
                into = np.full((m, n), np.nan, kind)
                assert (np.matmul(a, b, out=into) == wanted).all()
        return tried
";
    assert_eq!(node(SOURCE, "0").code(0).outputs(), json!([384]));
}

#[test]
fn vectors_of_any_length_and_step() {
    const SOURCE: &str = "
import math

import numpy as np


class Own:
    def process(self, item):
        nan, inf = float('nan'), float('inf')
        values = [1.5, -2.25, 0.0, -0.0, 3.0, 8.0, nan, inf, -inf, 0.5]
        tried = 0
        for kind in ('f4', 'f8'):
            for length in range(40):
                for step in (1, 2, -1, 3):
                    x = np.array([values[i % 10] for i in range(length * 3)], kind)[::step][:length]
                    y = np.array([values[i * 7 % 10] for i in range(length)], kind)
                    pairs = [(float(a), float(b)) for a, b in zip(x, y)]
                    self.same(x + y, [a + b for a, b in pairs])
                    self.same(x - y, [a - b for a, b in pairs])
                    self.same(x * y, [a * b for a, b in pairs])
                    self.same(x * kind_of(kind, 3), [a * 3 for a, b in pairs])
                    self.same(abs(x), [abs(a) for a, b in pairs])
                    self.same(-x, [-a for a, b in pairs])
                    # Of two zeros either will do.
                    larger = [nan if a != a or b != b else max(a, b) + 0.0 for a, b in pairs]
                    smaller = [b if a != a else a if b != b else min(a, b) for a, b in pairs]
                    self.same(np.maximum(x, y) + 0.0, larger)
                    self.same(np.fmin(x, y) + 0.0, [it + 0.0 for it in smaller])
                    self.same(np.floor(x), [whole(math.floor, a) for a, b in pairs])
                    self.same(np.rint(x), [whole(round, a) for a, b in pairs])
                    self.same(np.sqrt(x), [math.sqrt(a) if a >= 0 else nan for a, b in pairs], kind)
                    self.same(x / y, [divide(a, b) for a, b in pairs], kind)
                    assert (x < y).tolist() == [a < b for a, b in pairs]
                    assert (x == y).tolist() == [a == b for a, b in pairs]
                    assert np.isnan(x).tolist() == [a != a for a, b in pairs]
                    assert np.signbit(x).tolist() == [math.copysign(1, a) < 0 for a, b in pairs]
                    tried += 1
        for kind in ('i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8'):
            bits, signed = int(kind[1]) * 8, kind[0] == 'i'
            low = -(1 << bits - 1) if signed else 0
            wrap = lambda v: (v - low) % (1 << bits) + low
            for length in (0, 1, 3, 15, 16, 17, 33):
                raw = [wrap(i * 77777777 + 3) for i in range(length)]
                other = [wrap(i * 31 + 5) for i in range(length)]
                x, y = np.array(raw, kind), np.array(other, kind)
                assert (x + y).tolist() == [wrap(a + b) for a, b in zip(raw, other)]
                assert (x * y).tolist() == [wrap(a * b) for a, b in zip(raw, other)]
                assert (x // kind_of(kind, 7)).tolist() == [a // 7 for a in raw]
                assert np.minimum(x, y).tolist() == [min(a, b) for a, b in zip(raw, other)]
                assert (x > y).tolist() == [a > b for a, b in zip(raw, other)]
                assert np.sort(x).tolist() == sorted(raw)
                assert not length or x.argmax() == raw.index(max(raw))
                tried += 1
        return tried

    def same(self, got, wanted, kind=None):
        wanted = np.array(wanted, kind or got.dtype)
        assert got.tobytes() == wanted.tobytes() or all(
            a == b and math.copysign(1, a) == math.copysign(1, b) or a != a and b != b
            for a, b in zip(got.tolist(), wanted.tolist())
        ), (got, wanted)


def kind_of(kind, value):
    return np.dtype(kind).type(value)


def whole(rounded, a):
    return math.copysign(rounded(a), a) if math.isfinite(a) else a


def divide(a, b):
    if b:
        return a / b
    return float('nan') if a != a or a == 0 else math.copysign(float('inf'), a) * math.copysign(1, b)
";
    assert_eq!(node(SOURCE, "0").code(0).outputs(), json!([376]));
}
