/** Media to the records of the WIT. */

import * as media from "./media.js";
import { lower, ValueError } from "./values.js";

/** The fields of a medium as the WIT has them. `path` names it in errors. */
export function lowerMedium(name: keyof typeof media.CLASSES, item: media.AnyMedium, path: string): object {
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(item)) {
    const place = `${path}.${key}`;
    if (typeof value === "string" && !value.isWellFormed()) {
      throw new ValueError(place, "half of a surrogate pair is no text");
    }
    fields[key] = key === "metadata" && value !== undefined ? lower(value, place) : value;
  }
  if (item instanceof media.Image) {
    const raw = item.format === "raw";
    if (raw && item.pixelFormat === undefined) {
      throw new ValueError(path, "a raw image needs its pixelFormat");
    }
    fields["format"] = raw ? { tag: "raw", val: item.pixelFormat } : { tag: item.format };
    delete fields["pixelFormat"];
  }
  return checked(name, fields, path);
}

type Kind = "string" | "number" | "bigint" | "boolean" | "bytes" | "samples" | "axes" | "any";

/** The kinds of fields; a `?` marks those that may be left out. */
const FIELDS: Record<keyof typeof media.CLASSES, Record<string, Kind | `${Kind}?`>> = {
  audio: {
    samples: "samples",
    sampleRate: "number",
    channels: "number",
    streamId: "string?",
    timestampUs: "bigint?",
    metadata: "any?",
  },
  video: {
    pixelData: "bytes",
    width: "number",
    height: "number",
    format: "string",
    codec: "string?",
    frameNumber: "bigint",
    timestampUs: "bigint",
    isKeyframe: "boolean",
    streamId: "string?",
  },
  image: {
    data: "bytes",
    format: "any",
    width: "number",
    height: "number",
    timestampUs: "bigint?",
    metadata: "any?",
  },
  tensor: { data: "bytes", shape: "axes", dtype: "string", layout: "string?" },
  text: { text: "string", language: "string?", channel: "string?" },
  binary: { bytes: "bytes", mimeType: "string?" },
  file: {
    path: "string",
    filename: "string?",
    mimeType: "string?",
    size: "bigint?",
    offset: "bigint?",
    length: "bigint?",
  },
  control: { kind: "string", segmentId: "string?", timestampMs: "bigint" },
};

/** The fields of a medium, where they are what the WIT says: generated code would only say that
 * something somewhere is `undefined`. */
function checked(name: keyof typeof media.CLASSES, fields: Record<string, unknown>, path: string): object {
  const known = FIELDS[name];
  for (const key of Object.keys(fields)) {
    if (!(key in known)) {
      throw new ValueError(path, `${name} has no field ${key} (it has ${Object.keys(known).join(", ")})`);
    }
  }
  for (const [key, kind] of Object.entries(known)) {
    const value = fields[key];
    if (value === undefined || value === null) {
      if (kind.endsWith("?")) continue;
      throw new ValueError(path, `${name} needs the field ${key}`);
    }
    fields[key] = fieldOf(kind.replace("?", "") as Kind, value, `${path}.${key}`);
  }
  return fields;
}

function fieldOf(kind: Kind, value: unknown, path: string): unknown {
  switch (kind) {
    case "any":
      return value;
    case "number":
      if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
      throw new ValueError(path, "must be a whole number of 32 bits");
    case "bigint":
      if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
      if (typeof value === "bigint" && value >= 0n && value < 2n ** 64n) return value;
      throw new ValueError(path, "must be a whole number of 64 bits");
    case "bytes":
      if (value instanceof ArrayBuffer) return new Uint8Array(value);
      if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      throw new ValueError(path, "must be bytes");
    case "samples":
      if (value instanceof Float32Array) return value;
      if (Array.isArray(value) || value instanceof Float64Array) return Float32Array.from(value);
      throw new ValueError(path, "must be a Float32Array");
    case "axes":
      if (value instanceof Uint32Array) return value;
      if (Array.isArray(value)) {
        return Uint32Array.from(value, (axis, index) => fieldOf("number", axis, `${path}[${index}]`) as number);
      }
      throw new ValueError(path, "must be a list of whole numbers");
    default:
      if (typeof value === kind) return value;
      throw new ValueError(path, `must be a ${kind}`);
  }
}
