/**
 * What runs in the audio thread: one processor cuts what it hears into pieces, another plays pieces from a buffer. The
 * build makes one script of this file, which `addModule` is given.
 */

import type { Captured, CaptureOptions, Played, PlayerOptions, ToPlay } from "./messages.js";

// The scope of audio worklets, of which TypeScript's library knows nothing.
declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: unknown): void;
declare const currentFrame: number;
declare const sampleRate: number;

/** Cuts its input into pieces of interleaved samples. Its output is silence, for which it is asked to work. */
class Capture extends AudioWorkletProcessor {
  readonly #frames: number;
  readonly #channels: number;
  #piece: Float32Array<ArrayBuffer>;
  /** Frames that are in the piece. */
  #filled = 0;
  #on = true;

  constructor({ processorOptions }: { processorOptions: CaptureOptions }) {
    super();
    this.#frames = processorOptions.frames;
    this.#channels = processorOptions.channels;
    this.#piece = this.#empty();
    this.port.onmessage = () => (this.#on = false);
  }

  process([input = []]: Float32Array[][], [output = []]: Float32Array[][]): boolean {
    const frames = output[0]?.length ?? 128;
    for (let frame = 0; frame < frames && this.#on; frame += 1) {
      const at = this.#filled * this.#channels;
      // A track that ended or that is muted has no channels: silence.
      for (let channel = 0; channel < this.#channels; channel += 1) {
        this.#piece[at + channel] = input[channel]?.[frame] ?? 0;
      }
      this.#filled += 1;
      if (this.#filled === this.#frames) this.#send(currentFrame + frame + 1 - this.#frames);
    }
    return this.#on;
  }

  #empty(): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#frames * this.#channels);
  }

  #send(first: number): void {
    const captured: Captured = { samples: this.#piece, at: first / sampleRate };
    this.port.postMessage(captured, [this.#piece.buffer]);
    this.#piece = this.#empty();
    this.#filled = 0;
  }
}

/** How often the player says how it is, in seconds. */
const SAY = 0.1;

/** How long more than the buffer is to hold may wait all the time, in seconds. */
const SETTLE = 2;

/** Plays pieces from a buffer that evens out when they come. */
class Player extends AudioWorkletProcessor {
  readonly #channels: number;
  /** How many frames wait before playing begins. */
  readonly #target: number;
  /** How many may wait at most. */
  readonly #most: number;
  #queue: ToPlay[] = [];
  /** Frames of the first piece that are played. */
  #done = 0;
  #buffered = 0;
  #playing = false;
  /** How long pieces have waited for others to come, in frames. */
  #waited = 0;
  #said = 0;
  /** The least that waited since it was looked at, and how long ago that was, in frames. */
  #least = Infinity;
  #looked = 0;
  /** Frames that came since. */
  #came = 0;
  #delays: number[] = [];
  readonly #counts = { received: 0, played: 0, skipped: 0, underruns: 0, silence: 0 };
  #on = true;

  constructor({ processorOptions }: { processorOptions: PlayerOptions }) {
    super();
    this.#channels = processorOptions.channels;
    this.#target = processorOptions.target;
    this.#most = processorOptions.most;
    this.port.onmessage = ({ data }: MessageEvent<ToPlay | "close">) => {
      if (data === "close") {
        this.#on = false;
        this.#say(true);
      } else this.#take(data);
    };
  }

  process(_: Float32Array[][], [output = []]: Float32Array[][]): boolean {
    const frames = output[0]?.length ?? 0;
    if (!this.#playing && this.#buffered > 0) {
      this.#waited += frames;
      // What is shorter than the buffer is not to wait for ever.
      this.#playing = this.#buffered >= this.#target || this.#waited > this.#target;
    }
    if (this.#playing) {
      const given = this.#give(output, frames);
      this.#counts.played += given;
      this.#settle(given);
      if (given < frames) {
        this.#counts.underruns += 1;
        this.#playing = false;
        this.#waited = 0;
      }
      this.#counts.silence += frames - given;
    } else if (this.#counts.received > 0) this.#counts.silence += frames;
    this.#said += frames;
    if (this.#said >= SAY * sampleRate) this.#say(false);
    return this.#on;
  }

  /**
   * What a hold-up left would wait in front of all that comes later: it is left out. Only where as much comes as is
   * played: what a pipeline gives all at once is to be heard.
   */
  #settle(frames: number): void {
    this.#least = Math.min(this.#least, this.#buffered);
    this.#looked += frames;
    if (this.#looked < SETTLE * sampleRate) return;
    const even = Math.abs(this.#came - this.#looked) <= this.#target;
    if (this.#least > this.#target && even) this.#skip(this.#least - this.#target);
    this.#least = Infinity;
    this.#looked = 0;
    this.#came = 0;
  }

  #take(piece: ToPlay): void {
    const frames = piece.samples.length / this.#channels;
    this.#queue.push(piece);
    this.#counts.received += frames;
    this.#buffered += frames;
    this.#came += frames;
    // A burst is cut back to what was asked for, by its oldest; a piece that is longer by itself is meant to be.
    if (this.#buffered > Math.max(this.#most, this.#target + frames)) this.#skip(this.#buffered - this.#target);
  }

  #skip(frames: number): void {
    const left = this.#buffered - frames;
    while (this.#buffered > left) {
      const rest = this.#rest();
      const some = Math.min(rest, this.#buffered - left);
      this.#counts.skipped += some;
      this.#advance(some);
    }
  }

  /** Copies up to so many frames; how many there were. */
  #give(output: Float32Array[], frames: number): number {
    let given = 0;
    while (given < frames && this.#queue.length > 0) {
      const { samples, at } = this.#queue[0] as ToPlay;
      if (this.#done === 0) this.#delays.push((currentFrame + given) / sampleRate - at);
      const some = Math.min(frames - given, this.#rest());
      for (let channel = 0; channel < this.#channels; channel += 1) {
        const to = output[channel];
        for (let frame = 0; to !== undefined && frame < some; frame += 1) {
          to[given + frame] = samples[(this.#done + frame) * this.#channels + channel] as number;
        }
      }
      this.#advance(some);
      given += some;
    }
    return given;
  }

  /** Frames of the first piece that are not played. */
  #rest(): number {
    return (this.#queue[0] as ToPlay).samples.length / this.#channels - this.#done;
  }

  #advance(frames: number): void {
    this.#done += frames;
    this.#buffered -= frames;
    if (this.#rest() === 0) {
      this.#queue.shift();
      this.#done = 0;
    }
  }

  #say(last: boolean): void {
    const played: Played = { ...this.#counts, buffered: this.#buffered, delays: this.#delays, last };
    this.port.postMessage(played);
    this.#delays = [];
    this.#said = 0;
  }
}

registerProcessor("pipeline-capture", Capture);
registerProcessor("pipeline-player", Player);
