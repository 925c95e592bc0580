/** What was written in the page, kept for the next visit. */

export interface Kept {
  manifest: string;
  inputs: string;
  file: string;
  code: string;
}

const KEY = "pipeline-page";

export function remember(kept: Kept): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Full, or forbidden: the page works without.
  }
}

export function recall(): Kept | null {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null") as Kept | null;
    const complete =
      kept !== null && [kept.manifest, kept.inputs, kept.file, kept.code].every((text) => typeof text === "string");
    return complete ? kept : null;
  } catch {
    return null;
  }
}
