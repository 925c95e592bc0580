/** Pixels in the form that a canvas takes. */

import type { PixelFormat } from "../media.js";

/** Where red, green, blue and alpha are in a pixel of so many bytes. Less than four have no alpha. */
const FORMS: Partial<Record<PixelFormat, { bytes: number; at: readonly number[] }>> = {
  gray8: { bytes: 1, at: [0, 0, 0] },
  rgb24: { bytes: 3, at: [0, 1, 2] },
  bgr24: { bytes: 3, at: [2, 1, 0] },
  rgba32: { bytes: 4, at: [0, 1, 2, 3] },
  bgra32: { bytes: 4, at: [2, 1, 0, 3] },
};

/** Pixels as red, green, blue and alpha. A `TypeError` where they are planar or coded, or of another number. */
export function toRgba(pixels: Uint8Array, width: number, height: number, format: PixelFormat): Uint8ClampedArray<ArrayBuffer> {
  const form = FORMS[format];
  if (form === undefined) {
    const known = Object.keys(FORMS).join(", ");
    throw new TypeError(`a frame of the format ${format} can't be drawn, only those of ${known}`);
  }
  const count = width * height;
  if (pixels.length !== count * form.bytes) {
    throw new TypeError(`a frame of ${width} by ${height} has ${pixels.length} bytes, and needs ${count * form.bytes}`);
  }
  if (format === "rgba32") return new Uint8ClampedArray(pixels);
  const made = new Uint8ClampedArray(count * 4).fill(255);
  for (let pixel = 0; pixel < count; pixel += 1) {
    form.at.forEach((from, to) => {
      made[pixel * 4 + to] = pixels[pixel * form.bytes + from] as number;
    });
  }
  return made;
}
