// What a run can see and do, and what it can't.

import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { gunzipSync } from "node:zlib";

import { Component, FaultError, LimitError, MemoryFileSystem, NodeFileSystem, Pipeline, PipelineError } from "@remotemedia/pipeline";

import { built, directory, own } from "./common.mjs";

const quiet = { stdout() {}, stderr() {} };

/** What a node with this body gives for an item. */
async function runs(context, body, { before, item = null, files = {} } = {}) {
  const made = own(body, before);
  const folder = directory(context, { ...made.files, ...files });
  const pipeline = await Pipeline.load({ nodes: [folder], ...quiet });
  return pipeline.execute(made.manifest, [item]).outputs[0];
}

test("no environment, no arguments, no standard input", async (context) => {
  process.env.PIPELINE_SECRET = "secret";
  const found = await runs(
    context,
    `import os, sys
try:
    line = sys.stdin.read() if sys.stdin else ""
except OSError as error:
    line = type(error).__name__
return {"environ": dict(os.environ), "arguments": sys.argv[1:], "stdin": line}`,
  );
  assert.deepEqual(found, { environ: {}, arguments: [], stdin: "" });
});

test("no network", async (context) => {
  const found = await runs(
    context,
    `import socket
said = []
for call in (
    lambda: socket.create_connection(("127.0.0.1", 9), timeout=1),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
    lambda: socket.socket().bind(("127.0.0.1", 0)),
    lambda: socket.getaddrinfo("localhost", 80),
):
    try:
        call()
        said.append("worked")
    except OSError as error:
        said.append(type(error).__name__)
return said`,
  );
  assert.deepEqual(found, ["gaierror", "PermissionError", "PermissionError", "gaierror"]);
});

test("no file outside the directories", async (context) => {
  const outside = directory(context, { "secret.txt": "secret" });
  const name = path.basename(outside);
  const found = await runs(
    context,
    `import os
said = {}
here = os.path.dirname(__file__)
for path in item:
    path = path.replace("HERE", here)
    try:
        said[path.replace(here, "HERE")] = open(path).read()
    except OSError as error:
        said[path.replace(here, "HERE")] = type(error).__name__
return said`,
    {
      item: [
        "/etc/passwd",
        `${outside}/secret.txt`,
        `HERE/../${name}/secret.txt`,
        `HERE/../../../../../../../../${outside}/secret.txt`,
        "HERE/..",
        "secret.txt",
        "/proc/self/environ",
      ],
    },
  );
  for (const [place, said] of Object.entries(found)) {
    // Above the granted directories is the sandbox's own root, in which nothing else is.
    assert.match(said, /^(FileNotFoundError|PermissionError|IsADirectoryError)$/, place);
  }
});

test("symbolic links that lead out are refused, others are followed", async (context) => {
  const outside = directory(context, { "secret.txt": "secret" });
  const { manifest, files } = own(`said = {}
import os
here = os.path.dirname(__file__)
for name in ("absolute", "relative", "folder/secret.txt", "inside", "round"):
    try:
        said[name] = open(os.path.join(here, name)).read()
    except OSError as error:
        said[name] = type(error).__name__
return said`);
  const folder = directory(context, { ...files, "deep/fine.txt": "fine" });
  fs.symlinkSync(path.join(outside, "secret.txt"), path.join(folder, "absolute"));
  fs.symlinkSync(`../${path.basename(outside)}/secret.txt`, path.join(folder, "relative"));
  fs.symlinkSync(outside, path.join(folder, "folder"));
  fs.symlinkSync("deep/../deep/fine.txt", path.join(folder, "inside"));
  fs.symlinkSync("round", path.join(folder, "round"));
  const pipeline = await Pipeline.load({ nodes: [folder], ...quiet });
  assert.deepEqual(pipeline.execute(manifest, [1]).outputs[0], {
    absolute: "PermissionError",
    relative: "PermissionError",
    "folder/secret.txt": "PermissionError",
    inside: "fine",
    round: "OSError",
  });
});

test("directories are read-only", async (context) => {
  const { manifest, files } = own(`import os
here = os.path.dirname(__file__)
said = []
for call in (
    lambda: open(here + "/new", "w"),
    lambda: open(__file__, "a"),
    lambda: open(__file__, "r+"),
    lambda: os.remove(__file__),
    lambda: os.mkdir(here + "/made"),
    lambda: os.rename(__file__, here + "/other"),
    lambda: os.symlink("/etc/passwd", here + "/link"),
    lambda: os.link(__file__, here + "/hard"),
    lambda: os.utime(__file__, (0, 0)),
    lambda: os.truncate(__file__, 0),
    lambda: os.rmdir(here),
    lambda: open("/stdlib/os.py", "w"),
    lambda: open("/new", "w"),
):
    try:
        call()
        said.append("worked")
    except OSError as error:
        said.append(type(error).__name__)
return said`);
  const folder = directory(context, files);
  const before = fs.statSync(path.join(folder, "own.py"));
  const pipeline = await Pipeline.load({ nodes: [folder], ...quiet });
  for (const said of pipeline.execute(manifest, [1]).outputs[0]) {
    assert.match(said, /^(PermissionError|FileNotFoundError|OSError)$/);
  }
  assert.deepEqual(fs.readdirSync(folder), ["own.py"]);
  assert.equal(fs.statSync(path.join(folder, "own.py")).mtimeMs, before.mtimeMs);
});

test("pipes and devices are not opened", { skip: process.platform === "win32" }, async (context) => {
  const { execFileSync } = await import("node:child_process");
  const { manifest, files } = own(`import os
try:
    return open(os.path.dirname(__file__) + "/pipe").read()
except OSError as error:
    return type(error).__name__`);
  const folder = directory(context, files);
  execFileSync("mkfifo", [path.join(folder, "pipe")]);
  const pipeline = await Pipeline.load({ nodes: [folder], ...quiet });
  assert.deepEqual(pipeline.execute(manifest, [1]).outputs, ["PermissionError"]);
});

test("files beside the nodes can be read, in pieces and as a whole", async (context) => {
  const text = Array.from({ length: 200_000 }, (_, index) => `line ${index}\n`).join("");
  const found = await runs(
    context,
    `import os
here = os.path.dirname(__file__)
with open(here + "/data/long.txt") as file:
    lines = sum(1 for _ in file)
with open(here + "/data/long.txt", "rb") as file:
    file.seek(-12, 2)
    end = file.read()
    file.seek(5)
    start = file.read(2)
status = os.stat(here + "/data/long.txt")
return {"lines": lines, "end": end, "start": start, "size": status.st_size,
        "names": sorted(os.listdir(here)), "is_dir": os.path.isdir(here + "/data"), "mtime": status.st_mtime}`,
    { files: { "data/long.txt": text, "data/é😀.txt": "" } },
  );
  assert.equal(found.lines, 200_000);
  assert.equal(Buffer.from(found.end).toString(), "line 199999\n");
  assert.equal(Buffer.from(found.start).toString(), "0\n");
  assert.equal(found.size, text.length);
  assert.deepEqual(found.names, ["data", "own.py"]);
  assert.equal(found.is_dir, true);
  assert.ok(Math.abs(found.mtime - Date.now() / 1000) < 60);
});

test("nothing is kept from one run to the next", async (context) => {
  const { manifest, files } = own("import sys\nsys.seen = getattr(sys, 'seen', 0) + 1\nreturn sys.seen");
  const pipeline = await Pipeline.load({ nodes: [directory(context, files)], ...quiet });
  assert.deepEqual(pipeline.execute(manifest, [0, 0]).outputs, [1, 2]);
  for (let round = 0; round < 3; round += 1) {
    assert.deepEqual(pipeline.execute(manifest, [0]).outputs, [1]);
  }
});

test("randomness is fresh in each run", async (context) => {
  const { manifest, files } = own(
    "import random, secrets, uuid, numpy\nreturn [random.random(), secrets.token_hex(), str(uuid.uuid4()), numpy.random.rand()]",
  );
  const pipeline = await Pipeline.load({ nodes: [directory(context, files)], ...quiet });
  const [first, second] = [1, 2].map(() => pipeline.execute(manifest, [0]).outputs[0]);
  first.forEach((value, index) => assert.notEqual(value, second[index]));
});

test("clocks tell the time, and sleep waits", async (context) => {
  const before = Date.now() / 1000;
  const found = await runs(
    context,
    `import time
start = time.monotonic()
time.sleep(0.2)
return {"slept": time.monotonic() - start, "now": time.time()}`,
  );
  assert.ok(found.slept >= 0.2, `${found.slept}`);
  // Milliseconds on one side, microseconds on the other.
  assert.ok(found.now >= before - 0.001 && found.now <= Date.now() / 1000 + 0.001, `${found.now}`);
});

test("what nodes print goes to the sinks", async (context) => {
  const { manifest, files } = own("import sys\nprint('to out 😀')\nprint('to err', file=sys.stderr)\nreturn 1");
  const said = { stdout: "", stderr: "" };
  const sink = (name) => (bytes) => {
    said[name] += Buffer.from(bytes).toString();
  };
  const nodes = [directory(context, files)];
  const pipeline = await Pipeline.load({ nodes, stdout: sink("stdout"), stderr: sink("stderr") });
  pipeline.execute(manifest, [0]);
  assert.deepEqual(said, { stdout: "to out 😀\n", stderr: "to err\n" });
});

test("endless recursion ends the run with an error, not the program", async (context) => {
  const { manifest, files } = own("return self.process(item)");
  const pipeline = await Pipeline.load({ nodes: [directory(context, files)], ...quiet });
  assert.throws(() => pipeline.execute(manifest, [0]), (error) => {
    assert.ok(error instanceof PipelineError || error instanceof FaultError);
    assert.match(`${error.message}${error.traceback ?? ""}`, /recursion|stack/i);
    return true;
  });
  assert.equal(pipeline.execute({ version: "v1", nodes: [{ id: "n", node_type: "PassThrough" }] }, [1]).outputs[0], 1);
});

test("memory that is not there is an error in the node", async (context) => {
  const { manifest, files } = own("return len(bytearray(2**31 - 1)) + len(bytearray(2**31 - 1))");
  const pipeline = await Pipeline.load({ nodes: [directory(context, files)], ...quiet });
  assert.throws(() => pipeline.execute(manifest, [0]), (error) => {
    assert.ok(error instanceof PipelineError);
    assert.match(error.message, /MemoryError/);
    return true;
  });
});

test("a guest that ends itself is a fault", async (context) => {
  const { manifest, files } = own("import os\nos._exit(3)");
  const pipeline = await Pipeline.load({ nodes: [directory(context, files)], ...quiet });
  assert.throws(() => pipeline.execute(manifest, [0]), (error) => {
    assert.ok(error instanceof FaultError, String(error));
    assert.equal(error.kind, "exit");
    return true;
  });
});

test("open files are closed when the run is over", { skip: !fs.existsSync("/proc/self/fd") }, async (context) => {
  const { manifest, files } = own("import os\nkeep.append(os.open(__file__, os.O_RDONLY))\nreturn len(keep)", "keep = []\n");
  const pipeline = await Pipeline.load({ nodes: [directory(context, files)], ...quiet });
  const open = () => fs.readdirSync("/proc/self/fd").length;
  pipeline.execute(manifest, [0]);
  const before = open();
  for (let round = 0; round < 5; round += 1) assert.deepEqual(pipeline.execute(manifest, [0, 0, 0]).outputs, [1, 2, 3]);
  assert.equal(open(), before);
});

test("more files than the limit are refused, and the run can go on", async (context) => {
  const body = `kept = []
try:
    while len(kept) < 100: kept.append(open(__file__))
except OSError: pass
opened = len(kept)
kept.clear()
return [opened, len(open(__file__).read(1))]`;
  const { manifest, files } = own(body);
  const pipeline = await Pipeline.load({ nodes: [directory(context, files)], ...quiet, maxOpenFiles: 10 });
  assert.deepEqual(pipeline.execute(manifest, [0]).outputs, [[10, 1]]);
  await assert.rejects(Pipeline.load({ ...quiet, maxOpenFiles: 0 }).then((made) => made.instantiate()), TypeError);
});

test("a flood of output is cut at its limit", async (context) => {
  const { manifest, files } = own("for _ in range(item): print('x' * 999)\nreturn 7");
  let printed = "";
  const stdout = (bytes) => void (printed += new TextDecoder().decode(bytes));
  const pipeline = await Pipeline.load({ nodes: [directory(context, files)], stdout, stderr: stdout, maxLog: 1 });
  assert.deepEqual(pipeline.execute(manifest, [3000]).outputs, [7]);
  assert.ok(printed.length < 2 ** 20 + 100, String(printed.length));
  assert.match(printed, /note: the run printed more than its limit of 1 MiB/);
});

test("more items than the limit are refused", async (context) => {
  const { manifest, files } = own("yield from range(item)");
  const pipeline = await Pipeline.load({ nodes: [directory(context, files)], ...quiet, maxItems: 2 });
  assert.deepEqual(pipeline.execute(manifest, [1, 1]).outputs, [0, 0]);
  for (const items of [[1, 1, 1], [3]]) assert.throws(() => pipeline.execute(manifest, items), LimitError);
  const session = pipeline.openSession(manifest);
  for (let round = 0; round < 3; round += 1) assert.deepEqual(session.push(2), [0, 1]);
  assert.throws(() => session.push(3), LimitError);
});

test("the file system in memory holds nodes, too", async (context) => {
  const files = new MemoryFileSystem({ "shout.py": "from pkg.loud import up\n\nclass Shout:\n    def process(self, item):\n        return up(item)\n" });
  files.add("pkg/__init__.py", "");
  files.add("pkg/loud.py", new TextEncoder().encode("def up(text):\n    return text.upper() + '!'\n"));
  assert.throws(() => files.add("../x", ""), TypeError);
  assert.throws(() => files.add("pkg", ""), TypeError);
  const assets = path.resolve(import.meta.dirname, "../dist/assets");
  const unpacked = (name) => gunzipSync(fs.readFileSync(path.join(assets, name)));
  const component = await Component.compile(unpacked("pipeline.core.wasm.gz"), unpacked("pipeline.image.gz"));
  const { Pipeline: Core } = await import("@remotemedia/pipeline/core");
  const pipeline = new Core(component, {
    stdlib: new NodeFileSystem(path.join(built, "stdlib")),
    python: new NodeFileSystem(path.join(built, "python")),
    nodes: [["memory", files]],
    ...quiet,
  });
  const manifest = { version: "v1", nodes: [{ id: "n", node_type: "shout:Shout" }] };
  assert.deepEqual(pipeline.execute(manifest, ["hello"]).outputs, ["HELLO!"]);
});

test("directories that are missing or wrong are named", async () => {
  await assert.rejects(Pipeline.load({ nodes: ["/nowhere/at/all"] }), /`\/nowhere\/at\/all` can't be read/);
  await assert.rejects(Pipeline.load({ stdlib: os.tmpdir() }), /wrong directory: it has no os.py/);
});
