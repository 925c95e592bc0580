/** Files as inputs, by their endings as the program takes them. */

import { parseInput, parseInputs, type wit } from "@remotemedia/pipeline";

import { decode, describe } from "./audio.js";

/** A file among the inputs. */
export interface Given {
  readonly name: string;
  readonly items: wit.Input[];
  /** What it is, for people. */
  readonly about: string;
  /** Where it is one recording. */
  readonly audio?: wit.Audio;
}

/** The largest file, in bytes. Beyond that browsers run out of memory before the pipeline says so. */
const MOST_BYTES = 500_000_000;

const IMAGES: Record<string, "png" | "jpeg" | "webp"> = { png: "png", jpg: "jpeg", jpeg: "jpeg", webp: "webp" };

const SOUND = new Set(["wav", "flac", "mp3", "ogg", "oga", "opus", "aac", "m4a", "mp4", "webm", "weba"]);

/** Reads a file. Throws an error that says why it can't be. */
export async function read(file: File): Promise<Given> {
  if (file.size > MOST_BYTES) throw new Error(`it has ${file.size} bytes, more than the ${MOST_BYTES} that the page takes`);
  const { name } = file;
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  const image = IMAGES[ending];
  const given = (items: wit.Input[], about: string): Given => ({ name, items, about });
  if (file.type.startsWith("audio/") || SOUND.has(ending)) {
    const audio = await decode(file);
    return { ...given([{ item: { tag: "audio", val: audio } }], describe(audio)), audio };
  }
  if (image !== undefined) {
    const { width, height } = await createImageBitmap(file).catch(() => {
      throw new Error("this browser can't decode it: is it an image?");
    });
    const data = new Uint8Array(await file.arrayBuffer());
    return given([{ item: { tag: "image", val: { data, format: { tag: image }, width, height } } }], `${image} image, ${width} by ${height}`);
  }
  if (ending === "txt") return given([parseInput(JSON.stringify(await file.text()))], "text");
  if (ending === "json") return given([parseInput(await file.text())], "an item of JSON");
  if (ending === "jsonl" || ending === "ndjson") {
    const lines = (await file.text()).split("\n").filter((line) => line.trim() !== "");
    return given(parseInputs(`[${lines.join(",")}]`), `${lines.length} items of JSON`);
  }
  if (ending === "csv") {
    const records = await csv(await file.text());
    return given(parseInputs(`[${records.join(",")}]`), `${records.length} records`);
  }
  const val = { bytes: new Uint8Array(await file.arrayBuffer()), ...(file.type !== "" && { mimeType: file.type }) };
  return given([{ item: { tag: "binary", val } }], `${val.bytes.length} bytes${file.type && `, ${file.type}`}`);
}

/** A number as JSON has it. */
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** The records of a table as JSON: each an object, under the names in the first line. Numbers stay as they are written. */
async function csv(text: string): Promise<string[]> {
  const { default: papaparse } = await import("papaparse");
  const { data, errors } = papaparse.parse<string[]>(text, { header: false, skipEmptyLines: true });
  const [error] = errors.filter(({ type }) => type === "Quotes");
  if (error !== undefined) throw new Error(`record ${error.row ?? 0}: ${error.message}`);
  const [names = [], ...records] = data;
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new Error(`two columns are called “${twice}”`);
  return records.map((record, index) => {
    if (record.length !== names.length) {
      throw new Error(`record ${index + 1} has ${record.length} cells, and the first line has ${names.length}`);
    }
    const fields = record.map((cell, column) => `${JSON.stringify(names[column])}:${cellOf(cell)}`);
    return `{${fields.join(",")}}`;
  });
}

function cellOf(cell: string): string {
  if (cell === "") return "null";
  return cell === "true" || cell === "false" || NUMBER.test(cell) ? cell : JSON.stringify(cell);
}
