/** What was written in the page: drafts, kept for the next visit, as files, and as links. */

/** What is written in the editors. */
export interface Written {
  manifest: string;
  inputs: string;
  /** The Python file's name. */
  file: string;
  code: string;
}

/** Something that was written, under a name of its own. */
export interface Draft extends Written {
  name: string;
}

/** What is kept between visits. */
interface Kept {
  drafts: Draft[];
  /** The name of what was chosen: a draft, or an example. */
  chosen: string;
}

const KEY = "pipeline-page";

/** How many drafts there may be. */
export const MOST_DRAFTS = 50;

/** The longest text that a file or a link may hold, in characters of its JSON. */
const MOST_TEXT = 2_000_000;

export const TEXTS = ["manifest", "inputs", "file", "code"] as const;

/** Drafts, in the order in which they were begun. */
export class Drafts {
  readonly #all: Draft[];
  #chosen: string;

  private constructor({ drafts, chosen }: Kept) {
    this.#all = drafts;
    this.#chosen = chosen;
  }

  /** Those of the last visit. */
  static recall(): Drafts {
    let kept: Kept = { drafts: [], chosen: "" };
    try {
      kept = read(JSON.parse(localStorage.getItem(KEY) ?? "null"));
    } catch {
      // Forbidden, or not ours: the page works without.
    }
    return new Drafts(kept);
  }

  /** Whether what was kept by another tab is newer is not asked: the last one to write wins. */
  #keep(): void {
    try {
      localStorage.setItem(KEY, JSON.stringify({ drafts: this.#all, chosen: this.#chosen } satisfies Kept));
    } catch {
      // Full, or forbidden: the page works without.
    }
  }

  get names(): string[] {
    return this.#all.map(({ name }) => name);
  }

  /** The name of what was chosen last; empty at the first visit. */
  get chosen(): string {
    return this.#chosen;
  }

  set chosen(name: string) {
    this.#chosen = name;
    this.#keep();
  }

  find(name: string): Draft | undefined {
    return this.#all.find((draft) => draft.name === name);
  }

  /** Begins a draft, under a name that no other has. None where there are too many. */
  begin(wish: string, written: Written): Draft | undefined {
    if (this.#all.length >= MOST_DRAFTS) return undefined;
    let name = wish;
    for (let number = 2; this.find(name) !== undefined; number += 1) name = `${wish} ${number}`;
    const draft: Draft = { ...only(written), name };
    this.#all.push(draft);
    this.chosen = name;
    return draft;
  }

  write(name: string, written: Written): void {
    const draft = this.find(name);
    if (draft === undefined) return;
    Object.assign(draft, only(written));
    this.#keep();
  }

  forget(name: string): void {
    const at = this.#all.findIndex((draft) => draft.name === name);
    if (at >= 0) this.#all.splice(at, 1);
    this.#keep();
  }
}

function only({ manifest, inputs, file, code }: Written): Written {
  return { manifest, inputs, file, code };
}

function read(kept: unknown): Kept {
  if (typeof kept !== "object" || kept === null) return { drafts: [], chosen: "" };
  // What the page kept before it had drafts.
  if (isWritten(kept)) return { drafts: [{ ...only(kept), name: "my pipeline" }], chosen: "my pipeline" };
  const { drafts, chosen } = kept as Partial<Kept>;
  if (!Array.isArray(drafts)) return { drafts: [], chosen: "" };
  const whole = drafts.filter((draft): draft is Draft => isWritten(draft) && typeof draft.name === "string");
  return { drafts: whole, chosen: typeof chosen === "string" ? chosen : "" };
}

function isWritten(value: unknown): value is Written {
  return typeof value === "object" && value !== null && TEXTS.every((key) => typeof (value as Written)[key] === "string");
}

/** The text of a file that holds what was written. */
export function toFile(written: Written): string {
  return `${JSON.stringify({ "pipeline-page": 1, ...only(written) }, null, 2)}\n`;
}

/** What a file holds: what the page saved, or else a manifest. A `TypeError` where it is too long. */
export function fromFile(text: string): Written {
  if (text.length > MOST_TEXT) throw new TypeError(`it is longer than ${MOST_TEXT} characters`);
  try {
    const found: unknown = JSON.parse(text);
    if (isWritten(found)) return only(found);
  } catch {
    // YAML.
  }
  return { manifest: text, inputs: "", file: "nodes.py", code: "" };
}

const LINK = "#pipeline=";

/** A link to this page with all that was written in it. It is after the `#`, which no server is sent. */
export async function toLink(written: Written): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(only(written)));
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const letters = Array.from(new Uint8Array(await new Response(packed).arrayBuffer()), (byte) => String.fromCharCode(byte));
  const text = btoa(letters.join("")).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return `${location.href.replace(/#.*$/, "")}${LINK}${text}`;
}

/** What a link's part after the `#` holds; none where it is none of ours. A `TypeError` where it is broken. */
export async function fromLink(hash: string): Promise<Written | undefined> {
  if (!hash.startsWith(LINK)) return undefined;
  try {
    const text = atob(hash.slice(LINK.length).replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    const found: unknown = JSON.parse(await limited(plain));
    if (isWritten(found)) return only(found);
  } catch {
    // Whatever it is: nobody wrote it by hand.
  }
  throw new TypeError("the link is broken: is it whole?");
}

/** The text of a stream that may unpack to anything. */
async function limited(stream: ReadableStream<BufferSource>): Promise<string> {
  const decoder = new TextDecoder();
  const reader = stream.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
    if (text.length > MOST_TEXT) {
      await reader.cancel();
      throw new TypeError(`it is longer than ${MOST_TEXT} characters`);
    }
  }
}
