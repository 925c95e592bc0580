/** The node types that manifests can name, to be searched. */

import type { NodeInfo } from "@remotemedia/pipeline";

import { byId, element } from "./dom.js";
import { describe } from "./runs.js";

export function showNodeTypes(types: readonly NodeInfo[]): void {
  const field = byId<HTMLInputElement>("search");
  const entries = types.map(({ nodeType, language, summary, params }) => ({
    text: [nodeType, language, summary, ...params.map(({ name }) => name)].join(" ").toLowerCase(),
    parts: [
      element("dt", { class: language }, nodeType, element("span", {}, ` ${language}`)),
      element("dd", {}, summary, ...params.map((param) => element("code", {}, describe(param)))),
    ],
  }));
  byId("types").querySelector("dl")!.replaceChildren(...entries.flatMap(({ parts }) => parts));
  const search = () => {
    const words = field.value.toLowerCase().split(/\s+/);
    let found = 0;
    for (const { text, parts } of entries) {
      const shown = words.every((word) => text.includes(word));
      if (shown) found += 1;
      for (const part of parts) part.hidden = !shown;
    }
    byId("found").textContent = `${found} of ${entries.length}`;
  };
  field.addEventListener("input", search);
  search();
}
