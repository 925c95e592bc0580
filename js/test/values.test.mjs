// Values on their way through the component and back, through Rust and through Python.

import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";

import {
  Float,
  formatItem,
  formatResult,
  formatValue,
  JsonError,
  lift,
  lower,
  media,
  parseInput,
  parseInputs,
  parseItem,
  parseValue,
  Pipeline,
  PipelineError,
  Tuple,
  ValueError,
} from "@remotemedia/pipeline";

import { directory, own, program } from "./common.mjs";

const RUST = { version: "v1", nodes: [{ id: "n", node_type: "PassThrough" }] };
const quiet = { stdout() {}, stderr() {} };

/** Each value through Rust, and through a node in Python. */
async function both(context, values, expected = values) {
  const { manifest, files } = own("return item");
  const pipeline = await Pipeline.load({ nodes: [directory(context, files)], ...quiet });
  for (const each of [RUST, manifest]) {
    assert.deepStrictEqual(pipeline.execute(each, values).outputs, expected);
  }
}

test("plain values come back as they were", (context) =>
  both(context, [
    [null],
    true,
    false,
    0,
    -1,
    1.5,
    "text",
    "",
    [],
    {},
    [1, 2, 3],
    [1.5, 2.5],
    [1, "a", null, [true, { b: [] }]],
    { a: 1, b: { c: [1.5, "x"] } },
    Number.MAX_SAFE_INTEGER,
    Number.MIN_VALUE,
    Number.MAX_VALUE,
  ]));

test("numbers that JSON lacks", (context) =>
  both(context, [NaN, Infinity, -Infinity, -0, [NaN, -0, 1.5], { x: -Infinity }]));

test("integers of many digits", async (context) => {
  const big = 3n ** 5000n;
  const values = [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n, -(2n ** 63n) - 1n, big, -big];
  await both(context, [...values, values]);
  // What is safe is a number, however it came in.
  await both(context, [1n, [2n, 3n]], [1, [2, 3]]);
});

test("strings of all planes", (context) =>
  both(context, [
    "é",
    "日本語",
    "😀 astral 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "\u{10ffff}\u{fffd}\ufffe\uffff",
    "\ufeffwith a byte order mark",
    "\u0000\u0001\u001f\u007f\u0080",
    "\u2028\u2029",
    "é combining",
    "😀".repeat(100_000),
    { "😀 key": 1, "": 2 },
  ]));

test("half of a surrogate pair is refused, in either direction", async (context) => {
  const pipeline = await Pipeline.load(quiet);
  for (const value of ["\ud800", ["a", { b: "x\udc00y" }], { "\ud800": 1 }]) {
    assert.throws(() => pipeline.execute(RUST, [value]), (error) => {
      assert.ok(error instanceof ValueError);
      return /^inputs\[0\]\S*: half of a surrogate pair/.test(error.message);
    });
  }
  assert.throws(() => pipeline.execute('{"version": "v1\ud800"}'), /half of a surrogate pair/);
  assert.throws(() => parseItem('"\\ud800"'), /half of a surrogate pair/);

  const { manifest, files } = own("return '\\ud800'");
  const python = await Pipeline.load({ nodes: [directory(context, files)], ...quiet });
  assert.throws(() => python.execute(manifest, [1]), (error) => {
    assert.ok(error instanceof PipelineError);
    return error.kind === "unrepresentable-output";
  });
});

test("bytes, small and large", async (context) => {
  const large = new Uint8Array(32 << 20);
  for (let at = 0; at < large.length; at += 1) large[at] = (at * 2_654_435_761) >>> 24;
  await both(context, [new Uint8Array(), Uint8Array.of(0, 255), [Uint8Array.of(1)], large]);
  const slice = new Uint8Array(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2);
  await both(context, [slice, Uint8Array.of(7).buffer], [Uint8Array.of(2, 3), Uint8Array.of(7)]);
});

test("large lists", (context) =>
  both(context, [
    Array.from({ length: 300_000 }, (_, index) => index),
    Array.from({ length: 300_000 }, (_, index) => index + 0.5),
    Array.from({ length: 50_000 }, (_, index) => `item ${index}`),
  ]));

test("typed arrays are lists", (context) =>
  both(
    context,
    [Float64Array.of(1, 2.5), Float32Array.of(0.5), Int16Array.of(-1, 2), Uint32Array.of(2 ** 32 - 1), BigInt64Array.of(5n)],
    [[1, 2.5], [0.5], [-1, 2], [2 ** 32 - 1], [5]],
  ));

test("tuples, and keys that are no strings", async (context) => {
  const map = new Map([
    [1, "one"],
    ["two", 2],
    [Tuple.of(1, 2), [3]],
    [null, NaN],
  ]);
  await both(context, [Tuple.of(1, "a", Tuple.of()), map, [map]]);
  // A map of strings is a mapping like any other.
  await both(context, [new Map([["b", 1]])], [{ b: 1 }]);
});

test("keys that JavaScript treats in a way of its own", async (context) => {
  const hostile = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "toString": "x"}');
  await both(context, [hostile]);
  assert.equal({}.polluted, undefined);
  const pipeline = await Pipeline.load(quiet);
  // A map keeps an order that an object can't.
  const { data } = pipeline.execute(RUST, [new Map([["10", 1], ["9", 2]])]);
  assert.equal(formatItem(data[0].items[0]), '{"10":1,"9":2}');
});

test("a float stays one where it is said", async (context) => {
  const { manifest, files } = own("return type(item).__name__");
  const pipeline = await Pipeline.load({ nodes: [directory(context, files)], ...quiet });
  const values = [1, new Float(1), 1n, -0, 2 ** 53, [new Float(1)]];
  assert.deepEqual(pipeline.execute(manifest, values).outputs, ["int", "float", "int", "float", "float", "list"]);
  const { data } = pipeline.execute(RUST, [[new Float(1), new Float(2)], new Float(-3)]);
  assert.deepEqual(data[0].items.map(formatItem), ["[1.0,2.0]", "-3.0"]);
});

test("nesting: 128 deep and no deeper", async (context) => {
  const nested = (depth) => {
    let value = "core";
    for (let level = 0; level < depth; level += 1) value = level % 2 ? { in: value } : [value];
    return value;
  };
  await both(context, [nested(128)]);
  const pipeline = await Pipeline.load(quiet);
  assert.throws(() => pipeline.execute(RUST, [nested(129)]), /nested more than 128 deep/);
  const cycle = [];
  cycle.push(cycle);
  assert.throws(() => pipeline.execute(RUST, [cycle]), /nested more than 128 deep/);
  assert.throws(() => parseItem("[".repeat(129)), /nested more than 128 deep/);
});

test("what has no form is refused by its path", async () => {
  const pipeline = await Pipeline.load(quiet);
  const cases = [
    [{ a: [() => 1] }, /^inputs\[0\]\.a\[0\]: a function has no form/],
    [Symbol("s"), /^inputs\[0\]: a symbol has no form/],
    [{ "a b": new Date() }, /^inputs\[0\]\["a b"\]: Date has no form/],
    [[new Set()], /^inputs\[0\]\[0\]: Set has no form/],
    [[new media.Text({ text: "x" })], /a medium stands for a whole item/],
  ];
  for (const [value, message] of cases) {
    assert.throws(() => pipeline.execute(RUST, [value]), (error) => {
      assert.ok(error instanceof ValueError);
      assert.match(error.message, message);
      return true;
    });
  }
});

test("media come back as they were", (context) =>
  both(context, [
    new media.Audio({
      samples: Float32Array.of(0, 0.5, -1, 1),
      sampleRate: 48_000,
      channels: 2,
      streamId: "mic",
      timestampUs: 2n ** 63n,
      metadata: { room: "é", takes: [1, 2] },
    }),
    new media.Image({ data: Uint8Array.of(1, 2, 3), format: "raw", pixelFormat: "rgb24", width: 1, height: 1, timestampUs: undefined, metadata: undefined }),
    new media.Tensor({ data: Uint8Array.of(1, 0, 2, 0), shape: Uint32Array.of(2), dtype: "i16", layout: undefined }),
    new media.Text({ text: "😀", language: "de", channel: undefined }),
    new media.Binary({ bytes: Uint8Array.of(9), mimeType: "a/b" }),
    new media.Video({ pixelData: Uint8Array.of(1), width: 1, height: 1, format: "gray8", codec: undefined, frameNumber: 7n, timestampUs: 1n, isKeyframe: true, streamId: undefined }),
    new media.File({ path: "/nodes/x", filename: undefined, mimeType: undefined, size: 3n, offset: undefined, length: undefined }),
    new media.Control({ kind: "batch-hint", segmentId: undefined, timestampMs: 1n }),
  ]));

test("media with wrong fields are refused by name", async () => {
  const pipeline = await Pipeline.load(quiet);
  const cases = [
    [new media.Audio({ samples: [0], sampleRate: 8000 }), /audio needs the field channels/],
    [new media.Audio({ samples: "x", sampleRate: 8000, channels: 1 }), /samples: must be a Float32Array/],
    [new media.Text({ text: "a", lang: "de" }), /text has no field lang/],
    [new media.Tensor({ data: Uint8Array.of(1), shape: [-1], dtype: "u8" }), /shape\[0\]: must be a whole number/],
  ];
  for (const [value, message] of cases) assert.throws(() => pipeline.execute(RUST, [value]), message);
});

test("the JSON form is that of the program, byte for byte", async (context) => {
  const floats = [0, 1, -1.5, 0.1, 1e-4, 9.999e-5, 1e15, 1e16, 123456789012345680, 1e21, 1e22, 5e-324, 1.7976931348623157e308];
  const items = [
    ...floats.map((value) => formatItem({ tag: "value", val: lower(new Float(value)) })),
    ...floats.map((value) => `${value}`),
    "1e400",
    "-0",
    "-0.0",
    "NaN",
    "[Infinity, -Infinity, 1.0]",
    '{"$float": "nan"}',
    '{"$object": {"$float": 1}}',
    '{"$dict": [[1, "a"], [{"$tuple": [1]}, {"$bytes": "aGk="}]]}',
    '{"$x": 1, "y": 2}',
    '"\\u00e9\\ud83d\\ude00\\u0000\\u001f\\u007f\\u2028\\/"',
    '"\ufeff"',
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "9".repeat(4300),
    "[1, 2.0, 3]",
    "[1.0, 2.5]",
    `"${"😀é".repeat(50_000)}"`,
    '{"b": 1, "a": 2, "10": 3, "9": 4}',
    '{"$audio": {"samples": "AAAAPwAAAL8=", "sample_rate": 8000, "channels": 2, "metadata": {"x": 1.0}}}',
    '{"$image": {"data": "AQID", "format": "raw", "pixel_format": "rgb24", "width": 1, "height": 1}}',
  ];
  const folder = directory(context, {
    "m.json": JSON.stringify(RUST),
    "items.json": `[${items.join(",")}]`,
  });
  const printed = program(["run", path.join(folder, "m.json"), "--format", "json", "--input-file", path.join(folder, "items.json")]);
  const pipeline = await Pipeline.load(quiet);
  const result = pipeline.executeData(JSON.stringify(RUST), parseInputs(`[${items.join(",")}]`));
  assert.equal(formatResult(result), printed.stdout, printed.stderr);
});

test("JSON that can't be read says where and why", () => {
  const cases = [
    ["", /ends where a value should begin \(line 1, column 1\)/],
    ["[1,\n 2,]", /a comma with nothing after it \(line 2, column 4\)/],
    ['{"a": {"b": tru}}', /^a\.b: this is not JSON/],
    ['{"a": 1, "a": 2}', /^a: this key was given before/],
    ["[01]", /this is no number/],
    ["1 2", /more text after the value/],
    ['"abc', /ends in the middle of a string/],
    ['"\t"', /this string holds/],
    ['{"$bytes": "a"}', /not valid base64/],
    ['{"$nothing": 1}', /the form \$nothing is unknown/],
    ['[{"$text": {"text": "x"}}]', /stands for a whole item/],
    ['{"$audio": {"samples": "AAA=", "sample_rate": 1, "channels": 1}}', /no whole number of frames/],
    ['{"$text": {"text": 1}}', /must be a string/],
    ['{"$dict": [[1]]}', /pairs/],
    [`[-${"7".repeat(4301)}]`, /^\[0\]: the number has more than 4300 digits/],
    ["\ufeff[x]", /line 1, column 2/],
  ];
  for (const [json, message] of cases) {
    assert.throws(() => parseItem(json), (error) => {
      assert.ok(error instanceof JsonError);
      assert.match(error.message, message);
      return true;
    });
  }
});

test("an arena that is no tree is refused", () => {
  const cases = [
    [{ nodes: [], root: 0 }, /isn't there/],
    [{ nodes: [{ tag: "items", val: [0] }], root: 0 }, /in two places/],
    [{ nodes: [{ tag: "null" }, { tag: "null" }], root: 0 }, /belong to nothing/],
    [{ nodes: [{ tag: "big-integer", val: "0x1" }], root: 0 }, /not a decimal integer/],
    [{ nodes: [{ tag: "big-integer", val: "7".repeat(4301) }], root: 0 }, /more than 4300 digits/],
  ];
  for (const [value, message] of cases) {
    assert.throws(() => lift(value), message);
    assert.throws(() => formatValue(value), message);
  }
  assert.equal(formatValue(parseValue('{"a": [1, {"$tuple": []}]}')), '{"a":[1,{"$tuple":[]}]}');
});

test("numbers in bulk are as many items", async (context) => {
  const { manifest, files } = own("return item");
  const pipeline = await Pipeline.load({ nodes: [directory(context, files)], ...quiet });
  const inputs = [
    { tag: "integers", val: new BigInt64Array([1n, 2n ** 60n]) },
    { tag: "numbers", val: new Float64Array([0.5, Infinity]) },
    parseItem('"text"'),
  ];
  for (const each of [RUST, manifest]) {
    const result = pipeline.executeData(each, inputs.map((item) => ({ item })));
    assert.deepStrictEqual(result.outputs, [1, 2n ** 60n, 0.5, Infinity, "text"]);
    assert.match(formatResult(result), /"outputs":\[1,1152921504606846976,0.5,\{"\$float":"inf"\},"text"\]/);
  }
});

test("JSON: an item for one source", async () => {
  const pipeline = await Pipeline.load(quiet);
  const node = (id) => ({ id, node_type: "PassThrough" });
  const manifest = { version: "v1", nodes: [node("a"), node("b")] };
  const text = '[1, {"$input": {"node": "b", "item": {"$tuple": [2]}}}, {"$input": {"item": {"$text": {"text": "x"}}, "node": "a"}}]';
  const { data } = pipeline.executeData(manifest, parseInputs(text));
  assert.deepEqual(
    data.map(({ nodeId, items }) => [nodeId, ...items.map(formatItem)]),
    [["a", "1", '{"$text":{"text":"x"}}'], ["b", "1", '{"$tuple":[2]}']],
  );
  assert.deepEqual(parseInput('{"$input": {"node": "a", "item": 1.0}}').nodeId, "a");
  // Only where items are given, and only alone in its object.
  assert.throws(() => parseItem('{"$input": {"node": "a", "item": 1}}'), /the form \$input is unknown/);
  assert.equal(parseInput('{"$input": 1, "other": 2}').nodeId, undefined);
});

test("JSON: what is wrong with an item for one source, as the program says it", (context) => {
  const wrong = [
    '{"$input": 1}',
    '{"$input": {"node": "a"}}',
    '{"$input": {"item": 1}}',
    '{"$input": {"node": 1, "item": 1}}',
    '{"$input": {"node": "a", "node": "b", "item": 1}}',
    '{"$input": {"node": "a", "item": 1, "more": 2}}',
    '{"$input": {"node": "a", "item": {"$tuple": 1}}}',
  ];
  const manifest = path.join(directory(context, { "m.json": JSON.stringify(RUST) }), "m.json");
  for (const json of wrong) {
    let said;
    try {
      parseInput(json);
    } catch (error) {
      assert.ok(error instanceof JsonError, String(error));
      said = error.message;
    }
    const { stderr, stdout } = program(["run", manifest, "--input", json, "--format", "json"]);
    assert.ok(`${stderr}${stdout}`.replaceAll('\\"', '"').includes(said), `${json}\n${said}\n${stderr}${stdout}`);
  }
});
