/** JSON text, token by token: `JSON.parse` loses what Python tells apart. */

import { MAX_DIGITS } from "../arena.js";

/** JSON that could not be read. */
export class JsonError extends SyntaxError {
  /** What is wrong, without the place. */
  readonly reason: string;
  /** The place in the value, for example `[1].text`; empty for all of it. */
  readonly path: string;
  /** Line, from 1. */
  readonly line: number;
  /** Column in characters, from 1. */
  readonly column: number;

  constructor(reason: string, path: string, source: string, at: number) {
    const before = source.slice(0, at);
    const line = before.split("\n").length;
    // A mark at the start is no character that anyone sees.
    const column = [...before.slice(before.lastIndexOf("\n") + 1).replace(/^\ufeff/, "")].length + 1;
    super(`${path === "" ? "" : `${path}: `}${reason} (line ${line}, column ${column})`);
    this.name = "JsonError";
    this.reason = reason;
    this.path = path;
    this.line = line;
    this.column = column;
  }
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const TOO_LONG = new RegExp(`^-?[0-9]{${MAX_DIGITS + 1}}`);
const BLANK = /[ \t\n\r]*/y;
const WORDS = ["null", "true", "false", "NaN", "Infinity", "-Infinity"] as const;

/** What a token that is no bracket stands for. */
export type Scalar =
  | { type: "word"; word: (typeof WORDS)[number] }
  | { type: "string"; text: string }
  | { type: "integer"; digits: string }
  | { type: "float"; value: number };

/** Reads a text from its beginning on. */
export class Scanner {
  readonly source: string;
  at = 0;
  /** The way from the whole to what is being read. */
  readonly steps: string[] = [];

  constructor(source: string) {
    this.source = source;
    // Some programs begin what they write with a mark.
    if (source.startsWith("\ufeff")) this.at = 1;
  }

  /** The next character that is no blank; empty at the end. */
  peek(): string {
    BLANK.lastIndex = this.at;
    BLANK.test(this.source);
    this.at = BLANK.lastIndex;
    return this.source.charAt(this.at);
  }

  /** Takes a character if it is the next one. */
  take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.at += 1;
    return true;
  }

  /** Takes a word, a number or a string. */
  scalar(): Scalar {
    const next = this.peek();
    if (next === '"') return { type: "string", text: this.string() };
    for (const word of WORDS) {
      if (this.source.startsWith(word, this.at)) {
        this.at += word.length;
        return { type: "word", word };
      }
    }
    NUMBER.lastIndex = this.at;
    const match = NUMBER.exec(this.source);
    if (match === null) {
      if (next === "") this.fail("the text ends where a value should begin");
      this.fail("this is not JSON: expected a value (strings need double quotes)");
    }
    if (/[0-9.]/.test(this.source.charAt(NUMBER.lastIndex))) this.fail("this is no number");
    if (TOO_LONG.test(match[0])) {
      this.fail(
        `the number has more than ${MAX_DIGITS} digits; give it in another form, ` +
          "for example as a string in hexadecimal",
      );
    }
    this.at = NUMBER.lastIndex;
    const whole = match[1] === undefined && match[2] === undefined;
    if (!whole) return { type: "float", value: Number(match[0]) };
    return { type: "integer", digits: match[0] === "-0" ? "0" : match[0] };
  }

  /** Takes a string. */
  string(): string {
    if (this.peek() !== '"') this.fail("expected a string in double quotes");
    const end = this.#closingQuote();
    let text: string;
    try {
      text = JSON.parse(this.source.slice(this.at, end + 1));
    } catch {
      return this.fail("this string holds an escape that JSON has not, or a character that it escapes");
    }
    if (!text.isWellFormed()) this.fail("half of a surrogate pair is no text");
    this.at = end + 1;
    return text;
  }

  /** Where the string that begins here ends. */
  #closingQuote(): number {
    for (let end = this.at; ; ) {
      end = this.source.indexOf('"', end + 1);
      if (end < 0) this.fail("the text ends in the middle of a string");
      let backslashes = 0;
      while (this.source.charAt(end - 1 - backslashes) === "\\") backslashes += 1;
      if (backslashes % 2 === 0) return end;
    }
  }

  /** Reads an array; `element` reads each of its elements. */
  array(element: (index: number) => void): void {
    if (!this.take("[")) this.fail("expected a list");
    if (this.take("]")) return;
    for (let index = 0; ; index += 1) {
      this.within(`[${index}]`, () => element(index));
      if (this.take("]")) return;
      if (!this.take(",")) this.fail("expected `,` or `]`");
      if (this.peek() === "]") this.fail("a comma with nothing after it");
    }
  }

  /** Reads an object; `field` reads the value of each key. */
  object(field: (key: string) => void): void {
    if (!this.take("{")) this.fail("expected an object");
    if (this.take("}")) return;
    const keys = new Set<string>();
    for (;;) {
      const key = this.string();
      if (!this.take(":")) this.fail("expected `:`");
      this.within(step(key), () => {
        this.peek();
        if (keys.has(key)) this.fail("this key was given before");
        keys.add(key);
        field(key);
      });
      if (this.take("}")) return;
      if (!this.take(",")) this.fail("expected `,` or `}`");
      if (this.peek() === "}") this.fail("a comma with nothing after it");
    }
  }

  /** Reads something one step further in. */
  within<T>(step: string, read: () => T): T {
    this.steps.push(step);
    const value = read();
    // A failure keeps its steps: it says where it was.
    this.steps.pop();
    return value;
  }

  /** Nothing may come after. */
  end(): void {
    if (this.peek() !== "") this.fail("there is more text after the value");
  }

  fail(reason: string, at = this.at): never {
    throw new JsonError(reason, this.steps.join("").replace(/^\./, ""), this.source, at);
  }
}

function step(key: string): string {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(key) ? `.${key}` : `['${key}']`;
}
