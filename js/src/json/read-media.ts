/** Reads media from their JSON form. */

import { CONTROL_KINDS, DTYPES, IMAGE_FORMATS, PIXEL_FORMATS } from "../../generated/names.js";
import type { wit } from "../generated.js";
import { readBase64 } from "./read.js";
import type { Scanner } from "./scan.js";

type Kind = "payload" | "text" | "u32" | "positive" | "u64" | "boolean" | "mapping" | "axes" | readonly string[];

interface Field {
  /** The WIT's name in generated code. */
  readonly name: string;
  readonly kind: Kind;
  /** What it is where it is not given; `needed` for a field that must be. */
  readonly otherwise: unknown;
}

const NEEDED = Symbol("needed");

/** A field; `otherwise` has what it is where it is not given, and is empty for one that must be. */
function field(name: string, kind: Kind, ...otherwise: [unknown?]): Field {
  return { name, kind, otherwise: otherwise.length === 0 ? NEEDED : otherwise[0] };
}

/** The fields of media by their keys. */
const SHAPES: Record<string, Record<string, Field>> = {
  $audio: {
    samples: field("samples", "payload"),
    sample_rate: field("sampleRate", "positive"),
    channels: field("channels", "positive"),
    stream_id: field("streamId", "text", undefined),
    timestamp_us: field("timestampUs", "u64", undefined),
    metadata: field("metadata", "mapping", undefined),
  },
  $video: {
    pixel_data: field("pixelData", "payload"),
    width: field("width", "u32"),
    height: field("height", "u32"),
    format: field("format", PIXEL_FORMATS),
    codec: field("codec", "text", undefined),
    frame_number: field("frameNumber", "u64", 0n),
    timestamp_us: field("timestampUs", "u64", 0n),
    is_keyframe: field("isKeyframe", "boolean", false),
    stream_id: field("streamId", "text", undefined),
  },
  $image: {
    data: field("data", "payload"),
    format: field("format", IMAGE_FORMATS),
    pixel_format: field("pixelFormat", PIXEL_FORMATS, undefined),
    width: field("width", "u32"),
    height: field("height", "u32"),
    timestamp_us: field("timestampUs", "u64", undefined),
    metadata: field("metadata", "mapping", undefined),
  },
  $tensor: {
    data: field("data", "payload"),
    shape: field("shape", "axes"),
    dtype: field("dtype", DTYPES),
    layout: field("layout", "text", undefined),
  },
  $text: {
    text: field("text", "text"),
    language: field("language", "text", undefined),
    channel: field("channel", "text", undefined),
  },
  $binary: {
    bytes: field("bytes", "payload"),
    mime_type: field("mimeType", "text", undefined),
  },
  $file: {
    path: field("path", "text"),
    filename: field("filename", "text", undefined),
    mime_type: field("mimeType", "text", undefined),
    size: field("size", "u64", undefined),
    offset: field("offset", "u64", undefined),
    length: field("length", "u64", undefined),
  },
  $control: {
    kind: field("kind", CONTROL_KINDS),
    segment_id: field("segmentId", "text", undefined),
    timestamp_ms: field("timestampMs", "u64"),
  },
};

/** The keys that stand for media. */
export const MEDIA: ReadonlySet<string> = new Set(Object.keys(SHAPES));

/** The medium `name`; its object comes next. `value` reads a value with an arena of its own. */
export function readMedium(scanner: Scanner, name: string, value: (scanner: Scanner) => wit.Value): wit.Data {
  const shape = SHAPES[name] as Record<string, Field>;
  if (scanner.peek() !== "{") scanner.fail(`${name} must hold an object`);
  const start = scanner.at;
  const fields: Record<string, unknown> = {};
  scanner.object((key) => {
    const known = shape[key];
    if (known === undefined) {
      scanner.fail(`${name} has no such field (it has ${Object.keys(shape).join(", ")})`);
    }
    if (scanner.peek() === "n") scanner.scalar();
    else fields[known.name] = content(scanner, known.kind, value);
  });
  for (const [key, known] of Object.entries(shape)) {
    if (fields[known.name] !== undefined) continue;
    if (known.otherwise === NEEDED) scanner.fail(`${name} needs the field \`${key}\``, start);
    fields[known.name] = known.otherwise;
  }
  const tag = name.slice(1);
  if (tag === "audio") fields["samples"] = samples(scanner, fields, start);
  if (tag === "tensor") checkTensor(scanner, fields, start);
  if (tag === "image") {
    const raw = fields["format"] === "raw";
    const pixels = fields["pixelFormat"];
    if (raw && pixels === undefined) scanner.fail("$image needs the field `pixel_format`", start);
    if (!raw && pixels !== undefined) {
      scanner.fail("`pixel_format` goes with the format raw alone", start);
    }
    fields["format"] = raw ? { tag: "raw", val: pixels } : { tag: fields["format"] };
    delete fields["pixelFormat"];
  }
  return { tag, val: fields } as unknown as wit.Data;
}

function content(scanner: Scanner, kind: Kind, value: (scanner: Scanner) => wit.Value): unknown {
  const at = scanner.at;
  switch (kind) {
    case "payload":
      return readBase64(scanner);
    case "text":
      if (scanner.peek() !== '"') scanner.fail("must be a string");
      return scanner.string();
    case "boolean":
      switch (scanner.peek()) {
        case "t":
        case "f": {
          const scalar = scanner.scalar();
          return scalar.type === "word" && scalar.word === "true";
        }
        default:
          return scanner.fail("must be true or false");
      }
    case "mapping": {
      const metadata = value(scanner);
      const root = metadata.nodes[metadata.root]?.tag;
      if (root !== "fields" && root !== "entries") scanner.fail("must be an object", at);
      return metadata;
    }
    case "axes": {
      const axes: number[] = [];
      if (scanner.peek() !== "[") scanner.fail("must be a list of whole numbers");
      scanner.array(() => axes.push(Number(whole(scanner, 2n ** 32n))));
      return Uint32Array.from(axes);
    }
    case "u32":
      return Number(whole(scanner, 2n ** 32n));
    case "positive": {
      const number = Number(whole(scanner, 2n ** 32n));
      if (number === 0) scanner.fail("must be at least 1", at);
      return number;
    }
    case "u64":
      return whole(scanner, 2n ** 64n);
    default: {
      if (scanner.peek() !== '"') scanner.fail("must be a string");
      // The SDK writes its names with underscores.
      const name = scanner.string().replaceAll("_", "-");
      if (!kind.includes(name)) scanner.fail(`must be one of ${kind.join(", ")}`, at);
      return name;
    }
  }
}

function whole(scanner: Scanner, limit: bigint): bigint {
  scanner.peek();
  const at = scanner.at;
  if (!/[-0-9]/.test(scanner.peek())) scanner.fail("must be a whole number");
  const scalar = scanner.scalar();
  if (scalar.type !== "integer") scanner.fail("must be a whole number", at);
  const value = BigInt(scalar.digits);
  if (value < 0n || value >= limit) scanner.fail("is out of range", at);
  return value;
}

/** Says what a tensor of that shape takes, if that is not what there is. */
function checkTensor(scanner: Scanner, fields: Record<string, unknown>, at: number): void {
  const dtype = fields["dtype"] as string;
  const shape = Array.from(fields["shape"] as Uint32Array, BigInt);
  const size = dtype === "bool" ? 1n : BigInt(dtype.slice(1)) / 8n;
  const takes = shape.reduce((bytes, axis) => bytes * axis, size);
  const bytes = (fields["data"] as Uint8Array).length;
  if (takes !== BigInt(bytes)) {
    scanner.fail(`${dtype} of shape [${shape.join(", ")}] takes ${takes} bytes, not ${bytes}`, at);
  }
}

/** A payload as samples. */
function samples(scanner: Scanner, fields: Record<string, unknown>, at: number): Float32Array {
  const bytes = fields["samples"] as Uint8Array;
  const channels = fields["channels"] as number;
  if (bytes.length % (4 * channels) !== 0) {
    scanner.fail(
      `${bytes.length} bytes are no whole number of frames: a sample has 4 bytes, and a frame has ` +
        `${channels} of them`,
      at,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => view.getFloat32(index * 4, true));
}
