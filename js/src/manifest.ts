/** Manifests as text, and what is said of them. */

import { type Diagnostic, PipelineError } from "./errors.js";
import type { wit } from "./generated.js";
import { formatValue } from "./json/write.js";
import { lower } from "./values.js";

/** A manifest: its JSON or YAML text, or the object that such a text stands for. */
export type Manifest = string | { readonly [key: string]: unknown };

/** A manifest's text. */
export function textOf(manifest: Manifest): string {
  if (typeof manifest !== "string") return formatValue(lower(manifest, "manifest"));
  if (manifest.isWellFormed()) return manifest;
  throw new TypeError("the manifest holds half of a surrogate pair, which is no text");
}

/** Diagnostics, with places only where the user gave a text. */
export function placed(manifest: Manifest, all: readonly Diagnostic[]): Diagnostic[] {
  if (typeof manifest === "string") return [...all];
  const without = <T extends { location?: wit.Location }>({ location: _, ...rest }: T): Omit<T, "location"> => rest;
  return all.map((diagnostic) => ({ ...without(diagnostic), related: diagnostic.related.map(without) }));
}

/** Throws what a call on a manifest's text threw, with places only where the user gave that text. */
export function failed(manifest: Manifest, error: unknown): never {
  if (!(error instanceof PipelineError) || typeof manifest === "string") throw error;
  throw new PipelineError({ ...error.record, diagnostics: placed(manifest, error.diagnostics) });
}
