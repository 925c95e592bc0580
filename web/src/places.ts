/** Where in a manifest's text something is being written. The text need not be whole: it is being written. */

/** A place in the tree that a text describes. */
export interface PlaceInText {
  /** Keys from the root on; `[]` where a list is entered. */
  path: string[];
  /** Whether a key is being written, or a value. */
  kind: "key" | "value";
  /** Where what is being written begins. */
  from: number;
  /** What is written of it. */
  typed: string;
  /** What stands before it beside it, then beside what it is in, and so on: keys, with their values where those are plain. */
  beside: Array<Map<string, string>>;
}

interface Open {
  list: boolean;
  /** The last key. */
  key: string | undefined;
  /** Whether a value of that key is next. */
  value: boolean;
  fields: Map<string, string>;
}

/** The place at the end of JSON that is not whole. */
export function placeInJson(text: string): PlaceInText | undefined {
  const stack: Open[] = [];
  const path = () => stack.slice(0, -1).map(({ list, key }) => (list ? "[]" : (key ?? "")));
  let last: { from: number; text: string } | undefined;
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"?|[{}[\]:,]|[^\s"{}[\]:,]+/gs)) {
    const token = match[0];
    const open = stack.at(-1);
    last = undefined;
    switch (token) {
      case "{":
      case "[":
        stack.push({ list: token === "[", key: undefined, value: token === "[", fields: new Map() });
        break;
      case "}":
      case "]":
        stack.pop();
        break;
      case ":":
        if (open !== undefined && !open.list) open.value = true;
        break;
      case ",":
        if (open !== undefined && !open.list) Object.assign(open, { key: undefined, value: false });
        break;
      default: {
        // What ends where the text does may be under way.
        const whole = token.length > 1 && token.endsWith('"') && token.startsWith('"');
        if (match.index + token.length === text.length && !whole) last = { from: match.index, text: token };
        const plain = token.replace(/^"|"$/g, "");
        if (open === undefined || last !== undefined) break;
        if (open.list) break;
        if (!open.value) open.key = plain;
        else if (open.key !== undefined) open.fields.set(open.key, plain);
      }
    }
  }
  const open = stack.at(-1);
  if (open === undefined) return undefined;
  const within = [...path(), ...(open.list ? ["[]"] : [])];
  const at = { from: last?.from ?? text.length, typed: (last?.text ?? "").replace(/^"/, ""), beside: stack.map(({ fields }) => fields).reverse() };
  if (open.list) return { ...at, kind: "value", path: within };
  if (open.value) return { ...at, kind: "value", path: [...within, open.key ?? ""] };
  // After a key only its colon can come.
  return open.key === undefined ? { ...at, kind: "key", path: within } : undefined;
}

interface Line {
  /** Columns of the dashes that begin it. */
  dashes: number[];
  /** Column of what comes after them. */
  column: number;
  key: string | undefined;
  value: string;
  blank: boolean;
}

function lineOf(text: string): Line {
  const dashes: number[] = [];
  let column = /^ */.exec(text)![0].length;
  for (let dash = /^- */.exec(text.slice(column)); dash !== null; dash = /^- */.exec(text.slice(column))) {
    if (dash[0] === "-" && column + 1 < text.length) break;
    dashes.push(column);
    column += Math.max(2, dash[0].length);
  }
  const rest = text.slice(column);
  const pair = /^(["']?)([\w.-]+)\1\s*:(?:\s+(.*))?$/.exec(rest);
  const blank = /^\s*(#.*)?$/.test(rest) && dashes.length === 0;
  return { dashes, column, key: pair?.[2], value: (pair?.[3] ?? "").replace(/^["']|["']$/g, ""), blank };
}

/** The place at the end of YAML in blocks. */
export function placeInYaml(text: string): PlaceInText | undefined {
  const lines = text.split("\n");
  const current = lines.pop() ?? "";
  if (current.includes("#")) return undefined;
  const here = lineOf(current);
  const found = /^(?:["']?)([\w.-]+)["']?\s*:\s+(.*)$/.exec(current.slice(here.column));
  const typed = found === null ? current.slice(here.column) : (found[2] ?? "");
  if (found === null && /\s/.test(typed.trim())) return undefined;
  const path: string[] = [];
  const beside = [new Map<string, string>()];
  let column = here.column;
  let inList = false;
  /** Out of the items that a line's dashes begin. */
  const leave = ({ dashes }: Line) => {
    for (const dash of dashes.toReversed()) {
      path.unshift("[]");
      beside.push(new Map());
      column = dash;
      inList = true;
    }
  };
  leave(here);
  // Outwards, from the line to those above it that stand further to the left.
  for (const line of lines.map(lineOf).reverse()) {
    // Another item of the list, or something inside of what is beside.
    const inside = inList ? line.dashes.includes(column) || line.column > column : line.column > column;
    if (line.blank || inside) continue;
    if (line.key === undefined) return undefined;
    if (!inList && line.column === column) beside.at(-1)!.set(line.key, line.value);
    else {
      path.unshift(line.key);
      beside.push(new Map());
      column = line.column;
      inList = false;
    }
    leave(line);
  }
  const from = text.length - typed.length;
  const plain = typed.replace(/^["']/, "");
  if (found !== null) return { path: [...path, found[1] ?? ""], kind: "value", from, typed: plain, beside };
  return { path, kind: "key", from, typed: plain, beside };
}
