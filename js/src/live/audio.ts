/// <reference lib="esnext.disposable" preserve="true" />
/** Sound through a session while it sounds, in a browser. */

import { WORKLET } from "../../generated/worklet.js";
import { Audio } from "../media.js";
import type { Item } from "../values.js";
import { Feed, type FeedStats, type LiveSession, type Times } from "./feed.js";
import type { Captured, CaptureOptions } from "./messages.js";
import { within } from "./options.js";
import { type PlayedFrames, Players } from "./player.js";

const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("asyncDispose");

/** What `liveAudio` takes. Times are in milliseconds. */
export interface LiveAudioOptions {
  /**
   * What the sound is played in; by default one of its own, which is closed with it. A context that is made outside of
   * a click may be suspended by the browser until there is one.
   */
  readonly context?: AudioContext;
  /**
   * At which rate the pipeline is given sound, in Hz, from 8000 to 96,000: the browser resamples. By default the rate
   * of the machine, mostly 48,000. Not together with a `context`, which has a rate.
   */
  readonly sampleRate?: number;
  /** In how many channels the pipeline is given sound; 1, and at most 8. */
  readonly channels?: number;
  /** How much sound is an item, from 5 to 1000; 20. */
  readonly chunk?: number;
  /**
   * How much sound waits before playing begins, from 0 to 5000; 60. A piece may be late by this, less its own length,
   * before there is a gap. What is heard is late by about this, the first time in the pipeline, and what the devices
   * take.
   */
  readonly latency?: number;
  /**
   * How much sound may wait to be played, from `latency` to 600,000; by default twice `latency` and `chunk`. Beyond that
   * the oldest is left out, and counted; so is what waits longer than `latency` for two seconds while as much comes as is
   * played. What a hold-up left does not make the rest late for ever. A pipeline
   * that gives more sound than it is given, such as one that speaks, needs more. A piece that is longer is played whole.
   */
  readonly maxBuffered?: number;
  /** How many pieces may wait for the pipeline, from 1 to 1000, 10. Beyond that the oldest is dropped, and counted. */
  readonly maxWaiting?: number;
  /** Where the script of the audio thread is, `dist/assets/live-worklet.js`, for pages whose policy forbids `blob:`. */
  readonly worklet?: string | URL;
  /** Takes each output that is not sound. */
  readonly onOutput?: (item: Item) => void;
  /**
   * Hears that the pipeline failed. What comes from then on is dropped, until `swap` gives it another session. By
   * default it is written to the console.
   */
  readonly onError?: (error: unknown) => void;
}

/** How live sound is doing. */
export interface LiveAudioStats {
  /** Pieces on their way into the pipeline. */
  readonly pieces: FeedStats;
  /** Frames (samples of one channel) that came out of it: `received` is the sum of `played`, `skipped`, `buffered`. */
  readonly frames: PlayedFrames;
  /** In milliseconds. */
  readonly latency: {
    /**
     * Measured: from when the first frame of a piece was captured to when the first frame that the pipeline gave for
     * it was played, both in the audio thread.
     */
    readonly total: Times;
    /** What waits in the buffer. */
    readonly buffered: number;
    /** What the browser says that its output takes on top of that; 0 where it says nothing. */
    readonly device: number;
  };
}

/** Sound that goes through a pipeline. `liveAudio` makes it. */
export class LiveAudio implements AsyncDisposable {
  /** What the pipeline gives, for `<audio>`, a recorder, or a peer connection. */
  readonly track: MediaStreamTrack;
  /** What it is played in. */
  readonly context: AudioContext;
  /** The track that goes in. */
  readonly input: AudioNode;
  /** What comes out: `output.connect(context.destination)` is the shortest way to be heard. */
  readonly output: AudioNode;
  readonly #capture: AudioWorkletNode;
  readonly #feed: Feed;
  readonly #players: Players;
  readonly #owned: boolean;
  #closing: Promise<void> | undefined;

  /** For `liveAudio` alone. */
  constructor(session: LiveSession, track: MediaStreamTrack, context: AudioContext, options: Checked) {
    const { chunk, channels, latency, maxBuffered: most, maxWaiting, onOutput, onError } = options;
    this.context = context;
    this.#owned = options.context === undefined;
    const sampleRate = context.sampleRate;
    this.input = microphone(context, track);
    const out = context.createMediaStreamDestination();
    this.track = out.stream.getAudioTracks()[0] as MediaStreamTrack;
    this.output = context.createGain();
    this.output.connect(out);
    this.#players = new Players(this.output, context, (other) => equip(other, options.worklet), { latency, most });
    this.#feed = new Feed(session, maxWaiting, {
      output: async (item, at) => {
        if (item instanceof Audio) await this.#players.play(item, at);
        else onOutput?.(item);
      },
      failed: onError ?? ((error) => console.error(error)),
    });
    const frames = Math.max(1, Math.round((chunk / 1000) * sampleRate));
    const processorOptions: CaptureOptions = { frames, channels };
    this.#capture = new AudioWorkletNode(context, "pipeline-capture", {
      channelCount: channels,
      channelCountMode: "explicit",
      processorOptions,
    });
    let captured = 0;
    this.#capture.port.onmessage = ({ data: { samples, at } }: MessageEvent<Captured>) => {
      const timestampUs = BigInt(Math.round((captured / sampleRate) * 1e6));
      captured += frames;
      this.#feed.add(new Audio({ samples, sampleRate, channels, timestampUs }), at);
    };
    // What it gives is silence: it is asked to work because somebody listens.
    this.input.connect(this.#capture).connect(out);
  }

  /** How it is doing; what is in the audio thread, as it was a tenth of a second ago at most. */
  stats(): LiveAudioStats {
    const { baseLatency = 0, outputLatency = 0 } = this.context;
    return {
      pieces: this.#feed.stats(),
      frames: this.#players.frames,
      latency: {
        total: this.#players.delays,
        buffered: this.#players.buffered,
        device: 1000 * (baseLatency + outputLatency),
      },
    };
  }

  /**
   * Lets another session take over, between two pieces: no sound is lost. Gives the session before, which is the
   * caller's to close.
   */
  swap<Session extends LiveSession>(session: Session): Promise<Session> {
    return this.#feed.swap(session) as Promise<Session>;
  }

  /**
   * Ends when nothing is in the pipeline any more; what it counted. The session and the track that went in are left as
   * they are, and so is a context that was given.
   */
  async close(): Promise<LiveAudioStats> {
    await (this.#closing ??= this.#close());
    return this.stats();
  }

  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#capture.port.postMessage("close");
    this.input.disconnect();
    this.#capture.disconnect();
    await this.#feed.close();
    await this.#players.close();
    this.track.stop();
    this.output.disconnect();
    if (this.#owned) await this.context.close();
  }
}

type Checked = LiveAudioOptions &
  Required<Pick<LiveAudioOptions, "chunk" | "channels" | "latency" | "maxBuffered" | "maxWaiting">>;

/**
 * Sends a track through a session piece by piece, as `Audio` items for all of its sources, and plays the `Audio` that
 * comes out as a track. The page passes pieces on: what holds it for longer than `latency` is heard as a gap, and
 * counted. A pipeline that is too slow has the oldest pieces dropped.
 *
 * Throws a `TypeError` where there is no `AudioContext`, as on Node, and where an option is out of bounds.
 */
export async function liveAudio(
  session: LiveSession,
  track: MediaStreamTrack,
  options: LiveAudioOptions = {},
): Promise<LiveAudio> {
  if (typeof AudioContext === "undefined") throw new TypeError("liveAudio needs an AudioContext, which only browsers have");
  if (track.kind !== "audio") throw new TypeError(`the track is one of ${track.kind}, and must be one of audio`);
  const { context: given, sampleRate } = options;
  if (given !== undefined && sampleRate !== undefined) {
    throw new TypeError("`context` has a rate: leave `sampleRate` out, or the context");
  }
  const chunk = within("chunk", options.chunk ?? 20, 5, 1000);
  const latency = within("latency", options.latency ?? 60, 0, 5000);
  const checked: Checked = {
    ...options,
    chunk,
    latency,
    maxBuffered: within("maxBuffered", options.maxBuffered ?? 2 * (latency + chunk), latency, 600_000),
    channels: within("channels", options.channels ?? 1, 1, 8, true),
    maxWaiting: within("maxWaiting", options.maxWaiting ?? 10, 1, 1000, true),
  };
  if (sampleRate !== undefined) within("sampleRate", sampleRate, 8000, 96_000, true);
  const context =
    given ?? new AudioContext({ latencyHint: "interactive", ...(sampleRate !== undefined && { sampleRate }) });
  try {
    // Not waited for: without a click of the user it begins when there is one.
    if (given === undefined) void context.resume().catch(() => {});
    await equip(context, options.worklet);
    return new LiveAudio(session, track, context, checked);
  } catch (error) {
    if (given === undefined) await context.close();
    throw error;
  }
}

/** Contexts that know the processors: a name can be registered once. */
const equipped = new WeakMap<BaseAudioContext, Promise<void>>();

function equip(context: BaseAudioContext, worklet: string | URL | undefined): Promise<void> {
  let done = equipped.get(context);
  if (done === undefined) {
    done = register(context, worklet);
    equipped.set(context, done);
    done.catch(() => equipped.delete(context));
  }
  return done;
}

async function register(context: BaseAudioContext, worklet: string | URL | undefined): Promise<void> {
  if (worklet !== undefined) return context.audioWorklet.addModule(worklet);
  const url = URL.createObjectURL(new Blob([WORKLET], { type: "text/javascript" }));
  try {
    await context.audioWorklet.addModule(url);
  } catch (cause) {
    const hint = "where the page's policy forbids `blob:`, the option `worklet` says where the script is";
    throw new Error(`the audio thread's script can't be loaded (${hint})`, { cause });
  } finally {
    URL.revokeObjectURL(url);
  }
}

function microphone(context: AudioContext, track: MediaStreamTrack): AudioNode {
  try {
    return context.createMediaStreamSource(new MediaStream([track]));
  } catch (cause) {
    const message = `this browser can't bring the track to ${context.sampleRate} Hz: leave \`sampleRate\` out, and begin the pipeline with an AudioResampleNode`;
    throw new Error(message, { cause });
  }
}
