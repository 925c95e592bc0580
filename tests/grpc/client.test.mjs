// A client on @grpc/grpc-js that makes the calls of the SDK's TypeScript client, in its order
// and with its messages, also where it does what a protocol's author would not: fields that the
// protocol does not have, and chunks that are sent before the session is ready.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const PROTOCOL = fileURLToPath(new URL("../../grpc/proto", import.meta.url));
const TOKEN = "a-token";

// As the SDK's client loads it: names as they are written, numbers of 64 bits and enums as text.
const loaded = loadSync(
  ["common.proto", "execution.proto", "streaming.proto"].map((file) => join(PROTOCOL, file)),
  { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true, includeDirs: [PROTOCOL] },
);
const { PipelineExecutionService, StreamingPipelineService } =
  grpc.loadPackageDefinition(loaded).remotemedia.v1;

let directory;
let server;
let execution;
let streaming;

/** `pipeline serve` with its gRPC door; gives the door's address. */
async function start() {
  directory = await mkdtemp(join(tmpdir(), "pipeline-grpc-"));
  const tokens = join(directory, "tokens");
  await writeFile(tokens, `${TOKEN}\n`);
  const program = join(process.env.PIPELINE_DIST, "pipeline");
  const doors = ["--addr", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--grpc-tokens", tokens];
  server = spawn(program, ["serve", ...doors], { stdio: ["ignore", "ignore", "pipe"] });
  const told = [];
  for await (const line of createInterface({ input: server.stderr })) {
    told.push(line);
    const address = /^listening for gRPC on http:\/\/(.*)$/.exec(line);
    if (address) {
      server.stderr.resume();
      return address[1];
    }
  }
  throw new Error(told.join("\n"));
}

before(async () => {
  const address = await start();
  const credentials = grpc.credentials.createInsecure();
  execution = new PipelineExecutionService(address, credentials);
  streaming = new StreamingPipelineService(address, credentials);
});

after(async () => {
  for (const client of [execution, streaming]) {
    if (client) {
      grpc.closeClient(client);
    }
  }
  server?.kill();
  if (directory) {
    await rm(directory, { recursive: true });
  }
});

function metadata(token = TOKEN) {
  const metadata = new grpc.Metadata();
  metadata.add("authorization", `Bearer ${token}`);
  return metadata;
}

/** A unary call. */
function call(client, method, request, token) {
  return new Promise((resolve, reject) => {
    client[method](request, metadata(token), (error, answer) => {
      if (error) {
        reject(error);
      } else {
        resolve(answer);
      }
    });
  });
}

function manifest(...nodes) {
  return {
    version: "v1",
    metadata: { name: "client", description: "", created_at: new Date().toISOString() },
    nodes: nodes.map(([id, node_type, params]) => ({
      id,
      node_type,
      params: JSON.stringify(params),
      is_streaming: false,
    })),
    connections: nodes.slice(1).map(([id], at) => ({ from: nodes[at][0], to: id })),
  };
}

const QUIETER = manifest(["mono", "AudioMixDownNode", {}], ["quieter", "AudioGainNode", { gain_db: -6.0205999 }]);

/** 20 ms of stereo at 48 kHz, as 32-bit floats. */
function sound(level) {
  const samples = new Float32Array(2 * 960).fill(level);
  return {
    samples: Buffer.from(samples.buffer),
    sample_rate: 48000,
    channels: 2,
    format: 1,
    num_samples: samples.length,
  };
}

/** All answers of a session, by the field that each has. */
async function answers(stream) {
  const all = [];
  for await (const answer of stream) {
    all.push([answer.response, answer[answer.response]]);
  }
  return all;
}

test("the version and the node types", async () => {
  // The protocol calls the field `client_version`; the SDK's client does not.
  const { version_info } = await call(execution, "GetVersion", { clientVersion: "v1" });
  assert.equal(version_info.protocol_version, "v1");
  assert.deepEqual(version_info.supported_protocols, ["v1"]);
  assert.ok(version_info.supported_node_types.includes("SileroVADNode"));
});

test("a wrong token is refused", async () => {
  const refused = call(execution, "GetVersion", { clientVersion: "v1" }, "another");
  await assert.rejects(refused, { code: grpc.status.UNAUTHENTICATED });
});

test("a whole run", async () => {
  const request = {
    manifest: manifest(["double", "MultiplyNode", { factor: 2 }]),
    // Of an older protocol.
    audio_inputs: {},
    data_inputs: { double: { json: { json_payload: "21", schema_type: "" } } },
    client_version: "v1",
  };
  const { outcome, result } = await call(execution, "ExecutePipeline", request);
  assert.equal(outcome, "result");
  assert.equal(result.data_outputs.double.json.json_payload, "42");
  assert.equal(result.status, "EXECUTION_STATUS_SUCCESS");
  assert.ok(result.metrics.wall_time_ms > 0);

  const broken = { ...request, manifest: manifest(["n", "NoSuchNode", {}]) };
  const { error } = await call(execution, "ExecutePipeline", broken);
  assert.equal(error.error_type, "ERROR_TYPE_VALIDATION");
  assert.match(error.message, /NoSuchNode/);
});

test("a stream of sound, all of it sent at once", async () => {
  const stream = streaming.StreamPipeline(metadata());
  stream.write({ init: { manifest: QUIETER, client_version: "v1" } });
  const levels = [0.5, -0.25, 0.125, 1];
  for (const [sequence, level] of levels.entries()) {
    const buffer = { audio: sound(level), metadata: {} };
    stream.write({ data_chunk: { node_id: "mono", buffer, sequence } });
  }
  stream.write({ control: { command: 1 } });
  stream.end();
  const [ready, ...rest] = await answers(stream);
  assert.equal(ready[0], "ready");
  assert.deepEqual(
    rest.map(([kind]) => kind),
    [...levels.map(() => "result"), "metrics", "closed"],
  );
  for (const [at, level] of levels.entries()) {
    const [, result] = rest[at];
    assert.equal(result.sequence, String(at));
    // The SDK's client takes the first output, whatever it is called.
    const [{ audio }] = Object.values(result.data_outputs);
    assert.deepEqual([audio.sample_rate, audio.channels, audio.num_samples], [48000, 1, "960"]);
    const { buffer, byteOffset, length } = Buffer.from(audio.samples);
    const samples = new Float32Array(buffer.slice(byteOffset, byteOffset + length));
    assert.equal(samples.length, 960);
    assert.ok(samples.every((sample) => Math.abs(sample - level / 2) < 1e-5));
  }
  const [, metrics] = rest.at(-2);
  assert.equal(metrics.chunks_processed, "4");
  assert.deepEqual(metrics.data_type_breakdown, { audio: "4" });
  const [, closed] = rest.at(-1);
  assert.equal(closed.session_id, ready[1].session_id);
  assert.equal(closed.reason, "completed");
});

test("a session that is kept open, and asked again when it has answered", async () => {
  const stream = streaming.StreamPipeline(metadata());
  stream.write({ init: { manifest: QUIETER, client_version: "v1" } });
  const all = stream[Symbol.asyncIterator]();
  const next = async () => (await all.next()).value;
  assert.equal((await next()).response, "ready");
  for (const sequence of [0, 1, 2]) {
    const buffer = { audio: sound(0.5), metadata: { turn: String(sequence) } };
    stream.write({ data_chunk: { node_id: "mono", buffer, sequence, timestamp_ms: Date.now() } });
    const { response, result } = await next();
    assert.equal(response, "result");
    assert.equal(result.sequence, String(sequence));
  }
  stream.write({ control: { command: 1 } });
  stream.end();
  assert.equal((await next()).response, "metrics");
  assert.equal((await next()).response, "closed");
  assert.equal((await all.next()).done, true);
});

test("a manifest that can't run ends the stream with an error", async () => {
  const stream = streaming.StreamPipeline(metadata());
  stream.write({ init: { manifest: manifest(["n", "NoSuchNode", {}]), client_version: "v1" } });
  stream.write({ control: { command: 1 } });
  stream.end();
  const [[kind, error], ...rest] = await answers(stream);
  assert.deepEqual([kind, rest.length], ["error", 0]);
  assert.equal(error.error_type, "ERROR_TYPE_VALIDATION");
  assert.match(error.message, /NoSuchNode/);
});
