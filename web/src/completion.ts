/** What a manifest can say at a place, from its schema and from the node types that there are. */

import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import type { NodeInfo } from "@remotemedia/pipeline";

import { placeInJson, placeInYaml, type PlaceInText } from "./places.js";
import { describe } from "./runs.js";

/** As much of JSON Schema as manifests' schema needs. */
export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  description?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

/** What a manifest can name, besides what the schema says. */
export interface Known {
  /** Node types of the component. */
  readonly types: readonly NodeInfo[];
  /** Node types of the page's own file. */
  readonly own: readonly string[];
}

/** Completes manifests. `known` is asked each time: node types come late, and change. */
export function completeManifest(schema: Schema, known: () => Known) {
  return (context: CompletionContext): CompletionResult | null => {
    const text = context.state.doc.toString();
    const before = text.slice(0, context.pos);
    const isJson = text.trimStart().startsWith("{");
    const place = isJson ? placeInJson(before) : placeInYaml(before);
    if (place === undefined || (place.typed === "" && before.at(-1) !== '"' && !context.explicit)) return null;
    const all = options(schema, place, known(), text);
    // What closes itself is there already: it is written over.
    const closed = isJson && before[place.from] === '"' && text[context.pos] === '"' ? context.pos + 1 : context.pos;
    const written = place.typed.toLowerCase();
    const begins = ({ label }: Option) => Number(label.toLowerCase().startsWith(written));
    const quoted = (word: string) => (isJson ? JSON.stringify(word) : word);
    const after = place.kind === "key" && !/^\s*:/.test(text.slice(closed)) ? ": " : "";
    return {
      from: place.from,
      to: closed,
      // Names in JSON are compared with their quotes.
      filter: false,
      options: all
        .filter(({ label }) => label.toLowerCase().includes(written))
        .sort((a, b) => begins(b) - begins(a))
        .slice(0, MOST)
        .map((option) => ({ ...option, apply: (option.plain ? option.label : quoted(option.label)) + after })),
    };
  };
}

/** The most that are offered at once. */
const MOST = 100;

type Option = Completion & { plain?: boolean };

function options(root: Schema, place: PlaceInText, known: Known, text: string): Option[] {
  const { path, beside } = place;
  const siblings = beside[0] ?? new Map<string, string>();
  // A manifest can stand together with its items.
  const inner = path[0] === "manifest" ? path.slice(1) : path;
  const at = inner.join(".");
  if (place.kind === "key" && at === "nodes.[].params") return parameters(beside[1]?.get("node_type"), known, siblings);
  if (place.kind === "value" && at === "nodes.[].node_type") return types(known);
  if (place.kind === "value" && /^connections\.\[\]\.(from|to)$/.test(at)) return ids(text);
  const found = forms(root, inner.reduce((all, key) => all.flatMap((one) => enter(root, one, key)), [root]));
  if (place.kind === "key") {
    return found.flatMap(({ properties = {}, required = [] }) =>
      Object.entries(properties)
        // Camel case is understood, and one form is enough.
        .filter(([name]) => !siblings.has(name) && !/[A-Z]/.test(name))
        .map(([label, schema]) => key(label, forms(root, [schema]), schema.description, required.includes(label))),
    );
  }
  return found.flatMap((schema): Option[] => {
    const values = schema.enum ?? (schema.const === undefined ? [] : [schema.const]);
    const booleans = schema.type === "boolean" ? [true, false] : [];
    return [...values, ...booleans].map((value) => ({ label: String(value), type: "enum", plain: typeof value !== "string" }));
  });
}

/** Parameters of a node type. */
function parameters(nodeType: string | undefined, { types }: Known, siblings: Map<string, string>): Option[] {
  const params = types.find((one) => one.nodeType === nodeType)?.params ?? [];
  return params
    .filter(({ name }) => !siblings.has(name))
    .map((param) => ({
      label: param.name,
      type: "property",
      detail: describe(param).slice(param.name.length + 2),
      info: param.summary,
    }));
}

function key(label: string, forms: Schema[], description: string | undefined, required: boolean): Option {
  const kinds = [...new Set(forms.flatMap(({ type = [] }) => type))].filter((kind) => kind !== "null").join(" or ");
  const info = description ?? forms.find((form) => form.description !== undefined)?.description;
  return {
    label,
    type: "property",
    detail: `${kinds}${required ? ", required" : ""}`,
    ...(info !== undefined && { info }),
    boost: required ? 1 : 0,
  };
}

function types({ types, own }: Known): Option[] {
  return [
    ...own.map((label) => ({ label, type: "class", detail: "this page" })),
    ...types.map(({ nodeType, language, summary }) => ({ label: nodeType, type: "class", detail: language, info: summary })),
  ];
}

function ids(text: string): Option[] {
  const found = [...text.matchAll(/(?:"id"\s*:\s*"|\bid:\s*["']?)([\w-]+)/g)].map(([, id]) => id as string);
  return [...new Set(found)].map((label) => ({ label, type: "variable" }));
}

/** The schemas of what stands under a key, or in a list. */
function enter(root: Schema, schema: Schema, key: string): Schema[] {
  return forms(root, [schema]).flatMap(({ properties, items }) => {
    const inner = key === "[]" ? items : properties?.[key];
    return inner === undefined ? [] : [inner];
  });
}

/** What schemas may be, without references and choices. */
function forms(root: Schema, schemas: Schema[]): Schema[] {
  return schemas.flatMap((schema): Schema[] => {
    const { $ref, anyOf = [], oneOf = [] } = schema;
    const inner = $ref === undefined ? [] : [root.$defs?.[$ref.replace("#/$defs/", "")] ?? {}];
    const more = [...inner, ...anyOf, ...oneOf];
    return more.length === 0 ? [schema] : [schema, ...forms(root, more)];
  });
}
