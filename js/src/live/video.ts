/// <reference lib="esnext.disposable" preserve="true" />
/** Pictures through a session while they are taken, in a browser. */

import { Image, type PixelFormat, Video } from "../media.js";
import type { Item } from "../values.js";
import { Clock, Feed, type FeedStats, type LiveSession, type Times } from "./feed.js";
import { within } from "./options.js";
import { toRgba } from "./pixels.js";

const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("asyncDispose");

/** What `liveVideo` takes. */
export interface LiveVideoOptions {
  /** How large the frames are that the pipeline is given, in pixels, up to 4096; 320 by 240. */
  readonly width?: number;
  readonly height?: number;
  /** How many frames a second it is given at most, up to 120; 30. */
  readonly frameRate?: number;
  /** How many frames may wait for the pipeline, up to 100; 1, so that it gets the newest. Others are dropped, and counted. */
  readonly maxWaiting?: number;
  /** What the frames that come out are drawn on; one of its own by default. It takes their size. */
  readonly canvas?: HTMLCanvasElement;
  /** Takes each output that is no frame. */
  readonly onOutput?: (item: Item) => void;
  /**
   * Hears that the pipeline failed, or gave a frame that can't be shown. What comes from then on is dropped, until
   * `swap` gives it another session. By default it is written to the console.
   */
  readonly onError?: (error: unknown) => void;
}

/** How live pictures are doing. */
export interface LiveVideoStats {
  /** Frames on their way into the pipeline. */
  readonly frames: FeedStats;
  /** Frames that came out, and were drawn. */
  readonly shown: number;
  /** How many were drawn in the last second, at most two seconds ago. */
  readonly frameRate: number;
  /** From when a frame was taken to when what became of it was drawn, in milliseconds. */
  readonly latency: Times;
}

/** Pictures that go through a pipeline. `liveVideo` makes it. */
export class LiveVideo implements AsyncDisposable {
  /** What the frames that come out are drawn on. */
  readonly canvas: HTMLCanvasElement;
  /** The same, for `<video>`, a recorder, or a peer connection. */
  readonly track: MediaStreamTrack;
  readonly #feed: Feed;
  readonly #video: HTMLVideoElement;
  readonly #latency = new Clock();
  readonly #drawing: CanvasRenderingContext2D;
  readonly #taking: CanvasRenderingContext2D;
  readonly #pause: number;
  #shown = 0;
  /** When the frames of the last second were drawn. */
  #drawn: number[] = [];
  #taken = 0n;
  #begun: number | undefined;
  #due = 0;
  #closed = false;

  /** For `liveVideo` alone. */
  constructor(session: LiveSession, video: HTMLVideoElement, options: Checked) {
    const { width, height, frameRate, maxWaiting, onOutput, onError } = options;
    this.#video = video;
    this.#pause = 1000 / frameRate;
    this.canvas = options.canvas ?? document.createElement("canvas");
    this.#drawing = context2d(this.canvas, false);
    const taking = document.createElement("canvas");
    Object.assign(taking, { width, height });
    this.#taking = context2d(taking, true);
    this.track = this.canvas.captureStream().getVideoTracks()[0] as MediaStreamTrack;
    this.#feed = new Feed(session, maxWaiting, {
      output: (item, at) => {
        const frame = pictureOf(item);
        if (frame === undefined) onOutput?.(item);
        else this.#show(frame, at);
      },
      failed: onError ?? ((error) => console.error(error)),
    });
    this.#wait();
  }

  /** How it is doing. */
  stats(): LiveVideoStats {
    const now = performance.now();
    this.#drawn = this.#drawn.filter((time) => time > now - 1000);
    return { frames: this.#feed.stats(), shown: this.#shown, frameRate: this.#drawn.length, latency: this.#latency.times };
  }

  /** Lets another session take over, between two frames. Gives the session before, which is the caller's to close. */
  swap<Session extends LiveSession>(session: Session): Promise<Session> {
    return this.#feed.swap(session) as Promise<Session>;
  }

  /** Ends when nothing is in the pipeline any more; what it counted. The session and the track that went in stay. */
  async close(): Promise<LiveVideoStats> {
    this.#closed = true;
    await this.#feed.close();
    this.track.stop();
    this.#video.pause();
    this.#video.srcObject = null;
    return this.stats();
  }

  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Waits for the next picture. */
  #wait(): void {
    if (this.#closed) return;
    const take = () => {
      this.#take();
      this.#wait();
    };
    if ("requestVideoFrameCallback" in this.#video) this.#video.requestVideoFrameCallback(take);
    else setTimeout(take, this.#pause);
  }

  #take(): void {
    if (this.#closed || this.#video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    const now = performance.now();
    // A little early counts: cameras are not exact.
    if (now < this.#due - this.#pause / 4) return;
    this.#due = Math.max(this.#due + this.#pause, now);
    this.#begun ??= now;
    const { canvas } = this.#taking;
    this.#taking.drawImage(this.#video, 0, 0, canvas.width, canvas.height);
    const { data, width, height } = this.#taking.getImageData(0, 0, canvas.width, canvas.height);
    const frame = new Video({
      pixelData: new Uint8Array(data.buffer),
      width,
      height,
      format: "rgba32",
      frameNumber: this.#taken,
      timestampUs: BigInt(Math.round((now - this.#begun) * 1000)),
      isKeyframe: true,
    });
    this.#taken += 1n;
    this.#feed.add(frame, now);
  }

  #show({ pixels, width, height, format }: Picture, at: number): void {
    const data = toRgba(pixels, width, height, format);
    const { canvas } = this;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    this.#drawing.putImageData(new ImageData(data, width, height), 0, 0);
    const now = performance.now();
    this.#shown += 1;
    this.#latency.add(now - at);
    this.#drawn.push(now);
    if (this.#drawn.length > MOST_DRAWN) this.#drawn.shift();
  }
}

/** More than this a second is not counted. */
const MOST_DRAWN = 1000;

type Checked = LiveVideoOptions & Required<Pick<LiveVideoOptions, "width" | "height" | "frameRate" | "maxWaiting">>;

/**
 * Sends the pictures of a track through a session, as `Video` items (`rgba32`) for all of its sources, and draws the
 * raw `Video` and `Image` that come out on a canvas, which is a track as well. While the page is hidden browsers take
 * no pictures.
 *
 * Throws a `TypeError` where there is no document, as on Node, and where an option is out of bounds.
 */
export async function liveVideo(
  session: LiveSession,
  track: MediaStreamTrack,
  options: LiveVideoOptions = {},
): Promise<LiveVideo> {
  if (typeof document === "undefined") throw new TypeError("liveVideo needs a document, which only pages have");
  if (track.kind !== "video") throw new TypeError(`the track is one of ${track.kind}, and must be one of video`);
  const checked: Checked = {
    ...options,
    width: within("width", options.width ?? 320, 1, 4096, true),
    height: within("height", options.height ?? 240, 1, 4096, true),
    frameRate: within("frameRate", options.frameRate ?? 30, 0.1, 120),
    maxWaiting: within("maxWaiting", options.maxWaiting ?? 1, 1, 100, true),
  };
  const video = document.createElement("video");
  Object.assign(video, { muted: true, playsInline: true, srcObject: new MediaStream([track]) });
  await video.play();
  return new LiveVideo(session, video, checked);
}

interface Picture {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly format: PixelFormat;
}

/** What can be drawn of an item. */
function pictureOf(item: Item): Picture | undefined {
  if (item instanceof Video) return { ...item, pixels: item.pixelData };
  if (!(item instanceof Image) || item.format !== "raw") return undefined;
  return { pixels: item.data, width: item.width, height: item.height, format: item.pixelFormat ?? "rgba32" };
}

function context2d(canvas: HTMLCanvasElement, willReadFrequently: boolean): CanvasRenderingContext2D {
  const context = canvas.getContext("2d", { willReadFrequently });
  if (context === null) throw new TypeError("the canvas can't be drawn on: it has a context of another kind");
  return context;
}
