/** Sound that a pipeline gives, to be heard: a buffer in the audio thread, in a context of the sound's own rate. */

import type { Audio } from "../media.js";
import type { Played, PlayerOptions, ToPlay } from "./messages.js";
import { Clock, type Times } from "./feed.js";

/** Counts of frames, of all players so far. */
export type PlayedFrames = Pick<Played, "received" | "played" | "skipped" | "buffered" | "underruns" | "silence">;

/** How the buffer is set, in milliseconds. */
export interface Buffering {
  /** What is waited for before playing begins. */
  readonly latency: number;
  /** What may wait at most. */
  readonly most: number;
}

/** Makes the processors known to a context. */
export type Equip = (context: BaseAudioContext) => Promise<void>;

interface Player {
  readonly rate: number;
  readonly channels: number;
  readonly node: AudioWorkletNode;
  /** Its context, where it is not the one that is played into. */
  readonly own: AudioContext | undefined;
  /** Its clock, less that of the context that is played into, in seconds. */
  readonly ahead: number;
  /** What it said last. */
  state: PlayedFrames;
  ended: Promise<void>;
}

const NOTHING: PlayedFrames = { received: 0, played: 0, skipped: 0, buffered: 0, underruns: 0, silence: 0 };

/** Plays pieces of any rate into a node. */
export class Players {
  readonly #output: AudioNode;
  readonly #context: AudioContext;
  readonly #equip: Equip;
  readonly #buffering: Buffering;
  readonly #delays = new Clock();
  #player: Player | undefined;
  /** What players that are gone counted. */
  #before: PlayedFrames = NOTHING;

  /** `context`, the one of `output`, is equipped already. */
  constructor(output: AudioNode, context: AudioContext, equip: Equip, buffering: Buffering) {
    this.#output = output;
    this.#context = context;
    this.#equip = equip;
    this.#buffering = buffering;
  }

  /** Plays a piece that came of what was heard at a time of the context's clock, in seconds. */
  async play({ samples, sampleRate, channels }: Audio, at: number): Promise<void> {
    let player = this.#player;
    if (player === undefined || player.rate !== sampleRate || player.channels !== channels) {
      await this.#end();
      player = await this.#start(sampleRate, channels);
      this.#player = player;
    }
    const piece: ToPlay = { samples, at: at + player.ahead };
    player.node.port.postMessage(piece);
  }

  /** Of frames that are played, and of those that wait. */
  get frames(): PlayedFrames {
    return sum(this.#before, this.#player?.state ?? NOTHING);
  }

  /** From when sound came to when what became of it was played, in milliseconds. */
  get delays(): Times {
    return this.#delays.times;
  }

  /** How many milliseconds of sound wait in the buffer. */
  get buffered(): number {
    const { state, rate } = this.#player ?? { state: NOTHING, rate: 1 };
    return (1000 * state.buffered) / rate;
  }

  /** Stops playing. */
  close(): Promise<void> {
    return this.#end();
  }

  async #start(rate: number, channels: number): Promise<Player> {
    const apart = rate !== this.#context.sampleRate;
    // Browsers resample where they pass sound from one context to another: nothing of that is done here.
    const context = apart ? new AudioContext({ sampleRate: rate, latencyHint: "interactive" }) : this.#context;
    if (apart) await this.#equip(context);
    const { latency, most } = this.#buffering;
    const frames = (time: number) => Math.ceil((time / 1000) * rate);
    const processorOptions: PlayerOptions = { channels, target: frames(latency), most: frames(most) };
    const node = new AudioWorkletNode(context, "pipeline-player", {
      numberOfInputs: 0,
      outputChannelCount: [channels],
      processorOptions,
    });
    if (apart) {
      const between = context.createMediaStreamDestination();
      between.channelCount = channels;
      node.connect(between);
      this.#context.createMediaStreamSource(between.stream).connect(this.#output);
    } else node.connect(this.#output);
    const player: Player = {
      rate,
      channels,
      node,
      own: apart ? context : undefined,
      ahead: apart ? context.currentTime - this.#context.currentTime : 0,
      state: NOTHING,
      ended: Promise.resolve(),
    };
    player.ended = new Promise((ended) => {
      node.port.onmessage = ({ data }: MessageEvent<Played>) => {
        player.state = data;
        for (const delay of data.delays) this.#delays.add(delay * 1000);
        if (data.last) ended();
      };
    });
    return player;
  }

  async #end(): Promise<void> {
    const player = this.#player;
    if (player === undefined) return;
    player.node.port.postMessage("close");
    // A context that is closed or broken says nothing more.
    const late = new Promise((resolve) => setTimeout(resolve, LATE));
    await Promise.race([player.ended, late]);
    player.node.disconnect();
    await player.own?.close();
    const { buffered, ...others } = sum(this.#before, player.state);
    // What waited is not played any more.
    this.#before = { ...others, skipped: others.skipped + buffered, buffered: 0 };
    this.#player = undefined;
  }
}

/** How long a player may take for its last word, in milliseconds. */
const LATE = 1000;

function sum(a: PlayedFrames, b: PlayedFrames): PlayedFrames {
  return {
    received: a.received + b.received,
    played: a.played + b.played,
    skipped: a.skipped + b.skipped,
    buffered: a.buffered + b.buffered,
    underruns: a.underruns + b.underruns,
    silence: a.silence + b.silence,
  };
}
