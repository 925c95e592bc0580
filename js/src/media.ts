/** Typed media: whole items, with the fields of the WIT's records. */

import type { wit } from "./generated.js";
import type { PlainValue } from "./values.js";

/** How the pixels of a raw picture lie in memory. */
export type PixelFormat = wit.PixelFormat;

/** Type of a tensor's elements. */
export type Dtype = wit.Dtype;

/** What a producer says of a medium. */
export type Metadata = Record<string, PlainValue> | Map<PlainValue, PlainValue>;

abstract class Medium<Fields extends object> {
  constructor(fields: Fields) {
    Object.assign(this, fields);
  }
}

export interface AudioFields {
  /** Interleaved samples, nominally from -1 to 1. */
  samples: Float32Array;
  sampleRate: number;
  channels: number;
  streamId?: string | undefined;
  timestampUs?: bigint | undefined;
  metadata?: Metadata | undefined;
}

/** Audio as interleaved 32-bit float samples. */
export class Audio extends Medium<AudioFields> {}
export interface Audio extends AudioFields {}

export interface VideoFields {
  pixelData: Uint8Array;
  width: number;
  height: number;
  format: PixelFormat;
  /** Where `format` is `encoded`. */
  codec?: string | undefined;
  frameNumber: bigint;
  timestampUs: bigint;
  isKeyframe: boolean;
  streamId?: string | undefined;
}

/** One video frame. */
export class Video extends Medium<VideoFields> {}
export interface Video extends VideoFields {}

export interface ImageFields {
  data: Uint8Array;
  format: wit.ImageFormat["tag"];
  /** Where `format` is `raw`. */
  pixelFormat?: PixelFormat | undefined;
  width: number;
  height: number;
  timestampUs?: bigint | undefined;
  metadata?: Metadata | undefined;
}

/** A still image. */
export class Image extends Medium<ImageFields> {}
export interface Image extends ImageFields {}

export interface TensorFields {
  /** The elements, little-endian, in row-major order. */
  data: Uint8Array;
  shape: Uint32Array | number[];
  dtype: Dtype;
  layout?: string | undefined;
}

/** A dense array. */
export class Tensor extends Medium<TensorFields> {}
export interface Tensor extends TensorFields {}

export interface TextFields {
  text: string;
  language?: string | undefined;
  channel?: string | undefined;
}

/** Text with what is known of it. */
export class Text extends Medium<TextFields> {}
export interface Text extends TextFields {}

export interface BinaryFields {
  bytes: Uint8Array;
  mimeType?: string | undefined;
}

/** Bytes with their type. */
export class Binary extends Medium<BinaryFields> {}
export interface Binary extends BinaryFields {}

export interface FileFields {
  /** As the sandbox sees it. */
  path: string;
  filename?: string | undefined;
  mimeType?: string | undefined;
  size?: bigint | undefined;
  offset?: bigint | undefined;
  length?: bigint | undefined;
}

/** A reference to a file that the sandbox can see. */
export class File extends Medium<FileFields> {}
export interface File extends FileFields {}

export interface ControlFields {
  kind: wit.ControlKind;
  segmentId?: string | undefined;
  timestampMs: bigint;
}

/** A message to nodes that travels with the data. */
export class Control extends Medium<ControlFields> {}
export interface Control extends ControlFields {}

/** Any medium. */
export type AnyMedium = Audio | Video | Image | Tensor | Text | Binary | File | Control;

/** Media by their names in the WIT. */
export const CLASSES = {
  audio: Audio,
  video: Video,
  image: Image,
  tensor: Tensor,
  text: Text,
  binary: Binary,
  file: File,
  control: Control,
} as const;

/** The WIT's name of a medium; none where it is something else. */
export function nameOf(value: unknown): keyof typeof CLASSES | undefined {
  if (!(value instanceof Medium)) return undefined;
  const names = Object.keys(CLASSES) as Array<keyof typeof CLASSES>;
  return names.find((name) => value instanceof CLASSES[name]);
}
