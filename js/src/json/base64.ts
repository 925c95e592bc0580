/** Base64, as the WHATWG's functions have it: in Node and in browsers, without a library. */

/** Bytes as base64. */
export function encode(bytes: Uint8Array): string {
  const pieces: string[] = [];
  // As many as a call's arguments may be, and a multiple of three.
  const piece = 24_576;
  for (let at = 0; at < bytes.length; at += piece) {
    pieces.push(btoa(String.fromCharCode(...bytes.subarray(at, at + piece))));
  }
  return pieces.join("");
}

const FORM = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The bytes of base64; none where it is not valid. */
export function decode(text: string): Uint8Array | undefined {
  // `atob` lets blanks pass, and padding that is missing.
  if (!FORM.test(text)) return undefined;
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
