/** Writes values and media in their JSON form, compactly, byte for byte as the program does. */

import { validate } from "../arena.js";
import type { wit } from "../generated.js";
import { encode } from "./base64.js";

/** An item in its JSON form. One that stands for many is written as many, for an array around it. */
export function formatItem(item: wit.Data): string {
  if (item.tag === "integers") return Array.from(item.val, String).join(",");
  if (item.tag === "numbers") return Array.from(item.val, float).join(",");
  return item.tag === "value" ? formatValue(item.val) : object([`$${item.tag}`, medium(item)]);
}

/** A value in its JSON form. */
export function formatValue(value: wit.Value): string {
  validate(value);
  return node(value.nodes, value.root);
}

/** A string as JSON. Like `JSON.stringify`, which writes DEL and all above ASCII as it is, too. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

/** An object of keys and JSON texts; a text that is `undefined` leaves its key out. */
export function object(...fields: Array<readonly [string, string | undefined]>): string {
  const written = fields.filter(([, text]) => text !== undefined);
  return `{${written.map(([key, text]) => `${quote(key)}:${text}`).join(",")}}`;
}

/** An array of JSON texts. */
export function array(elements: Iterable<string>): string {
  return `[${[...elements].join(",")}]`;
}

function node(nodes: wit.ValueNode[], index: number): string {
  const it = nodes[index] as wit.ValueNode;
  switch (it.tag) {
    case "null":
      return "null";
    case "boolean":
    case "integer":
      return it.val.toString();
    case "big-integer":
      return it.val;
    case "number":
      return float(it.val);
    case "text":
      return quote(it.val);
    case "bytes":
      return object(["$bytes", bytes(it.val)]);
    case "items":
      return children(nodes, it.val);
    case "tuple":
      return object(["$tuple", children(nodes, it.val)]);
    case "fields": {
      const fields = object(...it.val.map(([key, child]) => [key, node(nodes, child)] as const));
      return it.val.length === 1 && it.val[0]?.[0].startsWith("$") ? object(["$object", fields]) : fields;
    }
    case "entries":
      return object(["$dict", array(it.val.map((pair) => children(nodes, pair)))]);
    case "integers":
      return `[${it.val.join(",")}]`;
    case "numbers":
      return array(Array.from(it.val, float));
  }
}

function children(nodes: wit.ValueNode[], indices: Iterable<number>): string {
  return array(Array.from(indices, (child) => node(nodes, child)));
}

/** A float as Python's `repr` has it: the fewest digits that give the same float. */
export function float(value: number): string {
  if (Number.isNaN(value)) return '{"$float":"nan"}';
  if (!Number.isFinite(value)) return value > 0 ? '{"$float":"inf"}' : '{"$float":"-inf"}';
  if (Object.is(value, -0)) return "-0.0";
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude >= 1e16 || magnitude < 1e-4)) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  const text = value.toString();
  return text.includes(".") ? text : `${text}.0`;
}

function bytes(value: Uint8Array): string {
  // No character of base64 has to be escaped.
  return `"${encode(value)}"`;
}

function text(value: string | undefined): string | undefined {
  return value === undefined ? undefined : quote(value);
}

function metadata(value: wit.Value | undefined): string | undefined {
  return value === undefined ? undefined : formatValue(value);
}

/** Samples as little-endian bytes. */
function sampleBytes(samples: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(samples.length * 4));
  samples.forEach((sample, index) => view.setFloat32(index * 4, sample, true));
  return new Uint8Array(view.buffer);
}

function medium(item: Exclude<wit.Data, { tag: "value" | "integers" | "numbers" }>): string {
  switch (item.tag) {
    case "audio":
      return object(
        ["samples", bytes(sampleBytes(item.val.samples))],
        ["sample_rate", `${item.val.sampleRate}`],
        ["channels", `${item.val.channels}`],
        ["stream_id", text(item.val.streamId)],
        ["timestamp_us", item.val.timestampUs?.toString()],
        ["metadata", metadata(item.val.metadata)],
      );
    case "video":
      return object(
        ["pixel_data", bytes(item.val.pixelData)],
        ["width", `${item.val.width}`],
        ["height", `${item.val.height}`],
        ["format", quote(item.val.format)],
        ["codec", text(item.val.codec)],
        ["frame_number", `${item.val.frameNumber}`],
        ["timestamp_us", `${item.val.timestampUs}`],
        ["is_keyframe", `${item.val.isKeyframe}`],
        ["stream_id", text(item.val.streamId)],
      );
    case "image":
      return object(
        ["data", bytes(item.val.data)],
        ["format", quote(item.val.format.tag)],
        ["pixel_format", item.val.format.tag === "raw" ? quote(item.val.format.val) : undefined],
        ["width", `${item.val.width}`],
        ["height", `${item.val.height}`],
        ["timestamp_us", item.val.timestampUs?.toString()],
        ["metadata", metadata(item.val.metadata)],
      );
    case "tensor":
      return object(
        ["data", bytes(item.val.data)],
        ["shape", `[${item.val.shape.join(",")}]`],
        ["dtype", quote(item.val.dtype)],
        ["layout", text(item.val.layout)],
      );
    case "text":
      return object(
        ["text", quote(item.val.text)],
        ["language", text(item.val.language)],
        ["channel", text(item.val.channel)],
      );
    case "binary":
      return object(["bytes", bytes(item.val.bytes)], ["mime_type", text(item.val.mimeType)]);
    case "file":
      return object(
        ["path", quote(item.val.path)],
        ["filename", text(item.val.filename)],
        ["mime_type", text(item.val.mimeType)],
        ["size", item.val.size?.toString()],
        ["offset", item.val.offset?.toString()],
        ["length", item.val.length?.toString()],
      );
    case "control":
      return object(
        ["kind", quote(item.val.kind)],
        ["segment_id", text(item.val.segmentId)],
        ["timestamp_ms", `${item.val.timestampMs}`],
      );
  }
}
