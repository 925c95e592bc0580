/** Items between text, the component, and what the page shows. */

import { formatItem, parseInputs, type wit } from "@remotemedia/pipeline";

import { wav } from "./audio.js";

/** An item as the page shows it. */
export interface Shown {
  json: string;
  /** What a medium can be played or seen from. */
  medium?: { type: string; bytes: Uint8Array<ArrayBuffer>; name: string };
  /** Audio's samples, for its waveform. */
  audio?: { samples: Float32Array; sampleRate: number; channels: number };
}

/** The items that a text lists; none where it is blank. Throws a `JsonError`. */
export function readInputs(text: string): wit.Input[] | undefined {
  return text.trim() === "" ? undefined : parseInputs(text);
}

/** The items of outputs, one by one: many numbers are in bulk. */
export function* itemsOf(outputs: readonly wit.NodeOutputs[]): Generator<wit.Data> {
  for (const data of outputs.flatMap(({ items }) => items)) {
    if (data.tag === "integers") for (const val of data.val) yield alone({ tag: "integer", val });
    else if (data.tag === "numbers") for (const val of data.val) yield alone({ tag: "number", val });
    else yield data;
  }
}

function alone(node: wit.ValueNode): wit.Data {
  return { tag: "value", val: { nodes: [node], root: 0 } };
}

/** What the page shows of an item that came out. */
export function show(item: wit.Data): Shown {
  switch (item.tag) {
    case "audio": {
      const { samples, sampleRate, channels, streamId, timestampUs } = item.val;
      // Thousands of samples in base64 say nothing: the page plays them.
      const about = { sample_rate: sampleRate, channels, frames: samples.length / channels };
      return {
        json: JSON.stringify({
          $audio: { ...about, stream_id: streamId, timestamp_us: timestampUs?.toString() },
        }),
        medium: { type: "audio/wav", name: "audio.wav", bytes: wav(item.val) },
        audio: { samples, sampleRate, channels },
      };
    }
    case "binary": {
      const { bytes, mimeType } = item.val;
      const type = mimeType ?? "application/octet-stream";
      const [kind, format = "bin"] = type.split(/[/;+]/);
      const medium = { type, name: `output.${format.replace(/^x-/, "")}`, bytes: new Uint8Array(bytes) };
      if (kind !== "audio" && kind !== "image") return { json: formatItem(item), medium };
      return { json: JSON.stringify({ $binary: { mime_type: type, length: bytes.length } }), medium };
    }
    case "image": {
      const { data, format, width, height } = item.val;
      if (format.tag === "raw") return { json: formatItem(item) };
      return {
        json: JSON.stringify({ $image: { format: format.tag, width, height } }),
        medium: { type: `image/${format.tag}`, name: `image.${format.tag}`, bytes: new Uint8Array(data) },
      };
    }
    default:
      return { json: formatItem(item) };
  }
}

/** JSON with line breaks where it is too long for one line. Numbers stay as they are written. */
export function indent(json: string, width = 72): string {
  const tokens = [...json.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^[\]{},:"\s]+/g)].map(([token]) => token);
  let at = 0;
  /** A value on one line, and the same on several. */
  const value = (margin: string): { short: string; long: () => string } => {
    const open = tokens[at++]!;
    if (open !== "[" && open !== "{") return { short: open, long: () => open };
    const close = open === "[" ? "]" : "}";
    const parts: Array<{ key: string; short: string; long: () => string }> = [];
    while (tokens[at] !== close) {
      let key = "";
      if (open === "{") {
        key = `${tokens[at]}: `;
        at += 2;
      }
      parts.push({ key, ...value(`${margin}  `) });
      if (tokens[at] === ",") at += 1;
    }
    at += 1;
    const short = open + parts.map((part) => part.key + part.short).join(", ") + close;
    const long = () => {
      if (margin.length + short.length <= width) return short;
      const lines = parts.map((part) => `${margin}  ${part.key}${part.long()}`);
      return `${open}\n${lines.join(",\n")}\n${margin}${close}`;
    };
    return { short, long };
  };
  return value("").long();
}
