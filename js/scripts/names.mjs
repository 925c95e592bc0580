// The names that JSON has of the WIT's cases, from the WIT itself.

/** The lists, and the types whose cases they are. */
const LISTS = {
  PIXEL_FORMATS: "pixel-format",
  DTYPES: "dtype",
  CONTROL_KINDS: "control-kind",
  IMAGE_FORMATS: "image-format",
};

/** A module that has them, and its declarations, of the text of the interface `types`. */
export function names(wit) {
  const plain = wit.replace(/\/\/.*/g, "");
  let code = "";
  let declared = "";
  for (const [list, name] of Object.entries(LISTS)) {
    const [, body] = new RegExp(`(?:enum|variant) ${name} \\{([^}]*)\\}`).exec(plain) ?? [];
    // What a case of a variant holds stands in brackets; a name that is also a keyword begins with %.
    const cases = body?.replace(/\([^)]*\)|[%\s]/g, "").split(",").filter(Boolean);
    if (!cases?.length) throw new Error(`the WIT has no cases of ${name}`);
    code += `export const ${list} = ${JSON.stringify(cases)};\n`;
    declared += `export declare const ${list}: readonly ${JSON.stringify(cases)};\n`;
  }
  return { code, declared };
}
