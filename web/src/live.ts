/** Live mode: sound or pictures go through the pipeline while it is edited. */

import {
  formatItem,
  type Item,
  type LiveAudio,
  liveAudio,
  type LiveVideo,
  liveVideo,
  lowerItem,
  type PoolSession,
} from "@remotemedia/pipeline";

import { byId, element } from "./dom.js";
import { Meter } from "./meter.js";
import { camera, microphone, type Recording, recording, type Source } from "./sources.js";
import { milliseconds } from "./results.js";

/** What the page does for it. */
export interface Host {
  /** Opens a session of what is in the editors. */
  open(signal: AbortSignal): Promise<PoolSession>;
  /** A recording to play where that is the source. Throws an error that says how to get one. */
  recording(): Recording;
  /** Says that it began or ended. */
  changed(live: boolean): void;
  /** What the pipeline failed with. */
  failed(error: unknown): void;
  say(message: string, isError?: boolean): void;
}

/** What goes through the pipeline, and what has to end with it. */
interface Going {
  readonly live: LiveAudio | LiveVideo;
  readonly source: Source;
  readonly context: AudioContext | undefined;
  readonly meters: Meter[];
  session: PoolSession;
}

/** How often the figures change, in milliseconds. */
const SHOW = 500;

/** How many outputs that are no media are shown. */
const MOST_SAID = 5;

/** The most characters of such an output. */
const MOST_TEXT = 300;

const WIDTH = 320;
const HEIGHT = 240;

export class Live {
  readonly #host: Host;
  readonly #source = byId<HTMLSelectElement>("live-source");
  readonly #start = byId<HTMLButtonElement>("live-start");
  readonly #stop = byId<HTMLButtonElement>("live-stop");
  readonly #hear = byId<HTMLInputElement>("live-hear");
  #going: Going | undefined;
  /** Stops what is being begun. */
  #beginning: AbortController | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** How many sessions there were since the start. */
  #number = 0;
  /** The last change of sessions; each waits for the one before. */
  #changing: Promise<void> = Promise.resolve();
  /** Whether what comes out goes to the loudspeakers. */
  #heard = false;
  /** Whether what is in the editors is newer than the session. */
  #stale = false;

  constructor(host: Host) {
    this.#host = host;
    this.#start.addEventListener("click", () => void this.#begin());
    this.#stop.addEventListener("click", () => void this.end());
    this.#source.addEventListener("change", () => this.#arrange());
    this.#hear.addEventListener("change", () => this.#listen());
    this.#arrange();
  }

  get on(): boolean {
    return this.#going !== undefined || this.#beginning !== undefined;
  }

  /** Chooses where it comes from: `microphone`, `camera` or `recording`. */
  choose(source: string): void {
    if (this.on) return;
    this.#source.value = source;
    this.#arrange();
  }

  /** The page is ready to open sessions. */
  ready(): void {
    this.#start.disabled = false;
  }

  /** What is in the editors can run: a new session takes over. */
  edited(): void {
    if (this.#going === undefined || this.#stale) return;
    this.#stale = true;
    this.#changing = this.#changing.then(() => this.#swap());
  }

  /** Stops. */
  async end(): Promise<void> {
    this.#beginning?.abort();
    const going = this.#going;
    this.#going = undefined;
    if (going === undefined) return;
    clearInterval(this.#timer);
    for (const meter of going.meters) meter.stop();
    await going.live.close();
    this.#show(going.live);
    going.source.stop();
    byId<HTMLVideoElement>("live-camera").srcObject = null;
    await this.#changing;
    await going.session.close();
    await going.context?.close();
    this.#buttons();
    this.#host.say("Live ended");
    this.#host.changed(false);
  }

  async #begin(): Promise<void> {
    if (this.on) return;
    const beginning = new AbortController();
    this.#beginning = beginning;
    this.#number = 1;
    this.#stale = false;
    for (const id of ["live-said", "live-figures"]) byId(id).replaceChildren();
    this.#buttons();
    this.#host.changed(true);
    this.#host.say("Going live …");
    let source: Source | undefined;
    let context: AudioContext | undefined;
    let session: PoolSession | undefined;
    try {
      // First of all: browsers want a click for it, and this is still in one.
      if (this.#source.value !== "camera") context = new AudioContext(this.#rate());
      source = await this.#open(context);
      session = await this.#host.open(beginning.signal);
      const live = await this.#connect(session, source, context);
      if (beginning.signal.aborted) {
        await live.close();
        beginning.signal.throwIfAborted();
      }
      const meters = "input" in live ? [new Meter("live-in", live.input), new Meter("live-out", live.output)] : [];
      this.#going = { live, source, context, meters, session };
      if (context === undefined) await watch(source.track);
      const { track } = source;
      track.addEventListener("ended", () => void this.end());
      this.#heard = false;
      this.#listen();
      this.#timer = setInterval(() => this.#show(live), SHOW);
      this.#show(live);
      this.#host.say(`Live: ${source.name}`);
    } catch (error) {
      source?.stop();
      await session?.close().catch(() => {});
      await context?.close();
      if (beginning.signal.aborted) this.#host.say("Live ended");
      else {
        this.#host.failed(error);
        this.#host.say("Not live", true);
      }
    } finally {
      this.#beginning = undefined;
      this.#buttons();
      if (this.#going === undefined) this.#host.changed(false);
    }
  }

  #rate(): AudioContextOptions {
    const rate = Number(byId<HTMLSelectElement>("live-rate").value);
    return { latencyHint: "interactive", ...(rate > 0 && { sampleRate: rate }) };
  }

  async #open(context: AudioContext | undefined): Promise<Source> {
    switch (this.#source.value) {
      case "camera":
        return camera(WIDTH, HEIGHT);
      case "recording":
        return recording(context as AudioContext, this.#host.recording());
      default:
        return microphone();
    }
  }

  async #connect(session: PoolSession, source: Source, context: AudioContext | undefined): Promise<LiveAudio | LiveVideo> {
    const hearing = {
      onOutput: (item: Item) => this.#tell(item),
      onError: (error: unknown) => {
        this.#host.failed(error);
        this.#host.say("The pipeline failed: mend it, and it goes on", true);
      },
    };
    if (context === undefined) {
      const canvas = byId<HTMLCanvasElement>("live-picture");
      return liveVideo(session, source.track, { ...hearing, canvas, width: WIDTH, height: HEIGHT });
    }
    const number = (id: string) => byId<HTMLInputElement>(id).valueAsNumber;
    const times = { chunk: number("live-chunk"), latency: number("live-latency") };
    return liveAudio(session, source.track, { ...hearing, ...times, context });
  }

  async #swap(): Promise<void> {
    const going = this.#going;
    if (going === undefined) return;
    this.#stale = false;
    try {
      const session = await this.#host.open(new AbortController().signal);
      if (this.#going !== going) return await session.close();
      const former = await going.live.swap(session);
      going.session = session;
      this.#number += 1;
      this.#host.say(`Live: ${going.source.name}`);
      // What a session that failed says of it is known already.
      await former.close().catch(() => {});
    } catch (error) {
      // The one before goes on.
      this.#host.failed(error);
    }
  }

  /** Whether what comes out is heard here. */
  #listen(): void {
    const live = this.#going?.live;
    if (live === undefined || !("output" in live)) return;
    const { destination } = live.context;
    if (this.#hear.checked) live.output.connect(destination);
    else if (this.#heard) live.output.disconnect(destination);
    this.#heard = this.#hear.checked;
  }

  #tell(item: Item): void {
    const list = byId("live-said");
    const text = formatItem(lowerItem(item));
    list.prepend(element("li", {}, text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)} …` : text));
    while (list.childElementCount > MOST_SAID) list.lastElementChild!.remove();
  }

  #show(live: LiveAudio | LiveVideo): void {
    const rows = "input" in live ? soundRows(live) : pictureRows(live);
    rows.push(["Pipeline", this.#number === 1 ? "the first" : `number ${this.#number}`]);
    const parts = rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
    byId("live-figures").replaceChildren(...parts);
  }

  #buttons(): void {
    this.#start.disabled = this.on;
    this.#stop.disabled = !this.on;
    this.#source.disabled = this.on;
    for (const field of byId("live-settings").querySelectorAll<HTMLInputElement>("input, select")) field.disabled = this.on;
  }

  /** Shows what belongs to the source. */
  #arrange(): void {
    const pictures = this.#source.value === "camera";
    byId("live-sound").hidden = pictures;
    byId("live-pictures").hidden = !pictures;
    byId("live-hear-label").hidden = pictures;
    byId("live-settings").hidden = pictures;
  }
}

/** Shows the pictures that go in. */
async function watch(track: MediaStreamTrack): Promise<void> {
  const video = byId<HTMLVideoElement>("live-camera");
  video.muted = true;
  video.srcObject = new MediaStream([track]);
  await video.play();
}

type Row = [name: string, value: string];

function soundRows(live: LiveAudio): Row[] {
  const { pieces, frames, latency } = live.stats();
  const device = latency.device > 0 ? `, and ${milliseconds(latency.device)} in the device` : "";
  return [
    ["Delay", `${milliseconds(latency.total.p50)}${device}`],
    ["In the pipeline", `${milliseconds(pieces.pipeline.p50)}, 99 of 100 below ${milliseconds(pieces.pipeline.p99)}`],
    ["Waiting to be played", milliseconds(latency.buffered)],
    ["Pieces", `${pieces.captured} in, ${pieces.dropped} dropped`],
    ["Underruns", `${frames.underruns}${frames.skipped > 0 ? `, ${frames.skipped} frames left out` : ""}`],
  ];
}

function pictureRows(live: LiveVideo): Row[] {
  const { frames, shown, frameRate, latency } = live.stats();
  return [
    ["Frames a second", String(frameRate)],
    ["Delay", `${milliseconds(latency.p50)}, 99 of 100 below ${milliseconds(latency.p99)}`],
    ["In the pipeline", milliseconds(frames.pipeline.p50)],
    ["Frames", `${frames.captured} in, ${frames.dropped} dropped, ${shown} shown`],
  ];
}
