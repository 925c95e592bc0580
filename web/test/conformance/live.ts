/** Live media on the package, for the test to look at: what goes in is made here, so that what must come out is known. */

import { type Item, type LiveAudioOptions, liveAudio, liveVideo, type Pool, type PoolSession } from "@remotemedia/pipeline";

/** How loud the tone is that goes in, and how high, in Hz. */
const LOUD = 0.5;
const HIGH = 440;

/** Gives the time of each piece beside the piece. */
const TIMES = `
class Times:
    def process(self, audio):
        yield {"at": audio.timestamp_us, "frames": audio.frames, "rate": audio.sample_rate, "channels": audio.channels}
        yield audio

class Fail:
    def process(self, audio):
        raise ValueError("not today")
`;

/** Tells when a click begins in each of its two inputs, in frames. */
const CLICKS = `
registerProcessor("clicks", class extends AudioWorkletProcessor {
  since = [Infinity, Infinity];
  process(inputs) {
    inputs.forEach(([samples = []], which) => samples.forEach((sample, frame) => {
      const loud = Math.abs(sample) > 0.05;
      // A click is one where it was quiet for a tenth of a second.
      if (loud && this.since[which] > sampleRate / 10) this.port.postMessage({ which, at: currentFrame + frame });
      this.since[which] = loud ? 0 : this.since[which] + 1;
    }));
    return true;
  }
});
`;

const nodes = [{ name: "page", files: { "live.py": TIMES } }];

/** A pipeline of nodes in a row, on one line. */
type Line = string;

export class LiveTests {
  readonly #pool: Promise<Pool>;

  constructor(pool: Promise<Pool>) {
    this.#pool = pool;
  }

  async #open(line: Line): Promise<PoolSession> {
    return (await this.#pool).openSession(line, { nodes });
  }

  /** A tone through pipelines, each of which takes over from the one before when what comes out is as loud as `levels` says. */
  async tone(lines: Line[], levels: number[], options: LiveAudioOptions = {}): Promise<unknown> {
    const source = new AudioContext();
    const tone = new OscillatorNode(source, { frequency: HIGH });
    const out = source.createMediaStreamDestination();
    tone.connect(new GainNode(source, { gain: LOUD })).connect(out);
    tone.start();
    const given: Item[] = [];
    const onOutput = (item: Item) => void given.push(item);
    let session = await this.#open(lines[0] as Line);
    const broken = Promise.withResolvers<never>();
    const hearing = { onOutput, onError: broken.reject };
    const live = await liveAudio(session, out.stream.getAudioTracks()[0] as MediaStreamTrack, { ...options, ...hearing });
    const heard: Array<{ level: number; frequency: number }> = [];
    for (const [index, line] of lines.entries()) {
      if (index > 0) {
        const next = await this.#open(line);
        await (await live.swap(next)).close();
        session = next;
      }
      heard.push(await Promise.race([listen(live.output, levels[index] as number), broken.promise]));
    }
    const running = live.stats();
    const ended = await live.close();
    await session.close();
    await source.close();
    return { heard, given, running, ended, state: live.track.readyState, rate: live.context.sampleRate };
  }

  /**
   * How long a click takes through a pipeline, measured in the audio thread: one a second, for so many seconds. The
   * first is left out.
   */
  async clicks(line: Line, files: Record<string, string>, seconds: number, options: LiveAudioOptions): Promise<unknown> {
    const context = new AudioContext({ latencyHint: "interactive" });
    const { sampleRate } = context;
    const buffer = context.createBuffer(1, sampleRate, sampleRate);
    buffer.getChannelData(0).fill(0.9, sampleRate / 2, sampleRate / 2 + 480);
    const source = new AudioBufferSourceNode(context, { buffer, loop: true });
    const out = context.createMediaStreamDestination();
    source.connect(out);
    const session = await (await this.#pool).openSession(line, { nodes: [{ name: "page", files }] });
    const live = await liveAudio(session, out.stream.getAudioTracks()[0] as MediaStreamTrack, { ...options, context });
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([CLICKS], { type: "text/javascript" })));
    const clicks = new AudioWorkletNode(context, "clicks", { numberOfInputs: 2 });
    source.connect(clicks, 0, 0);
    live.output.connect(clicks, 0, 1);
    clicks.connect(context.destination);
    const at: [number[], number[]] = [[], []];
    clicks.port.onmessage = ({ data }) => void at[data.which as 0 | 1].push(data.at);
    source.start();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const ended = await live.close();
    await session.close();
    await context.close();
    // What came out before the next went in is of the one before.
    const delays = at[0].slice(1).flatMap((into, index) => {
      const heard = at[1].find((time) => time >= into && time < (at[0][index + 2] ?? Infinity));
      return heard === undefined ? [] : [((heard - into) / sampleRate) * 1000];
    });
    return { delays: delays.sort((a, b) => a - b), ended, sampleRate };
  }

  /** How pictures of the camera go through a pipeline, for so many seconds. */
  async camera(line: Line, files: Record<string, string>, seconds: number): Promise<unknown> {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 320, height: 240, frameRate: 30 } });
    const [track] = stream.getVideoTracks() as [MediaStreamTrack];
    const session = await (await this.#pool).openSession(line, { nodes: [{ name: "page", files }] });
    const live = await liveVideo(session, track);
    // The first second is the start of everything.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const before = live.stats();
    const start = performance.now();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const after = live.stats();
    const took = (performance.now() - start) / 1000;
    await live.close();
    await session.close();
    track.stop();
    const dropped = after.frames.dropped - before.frames.dropped;
    return { rate: (after.shown - before.shown) / took, dropped, latency: after.latency, pipeline: after.frames.pipeline };
  }

  /** A pipeline that fails, and one that takes over. */
  async failing(): Promise<unknown> {
    const source = new AudioContext();
    const tone = new OscillatorNode(source, { frequency: HIGH });
    const out = source.createMediaStreamDestination();
    tone.connect(out);
    tone.start();
    const broken = await this.#open("live:Fail");
    const failure = Promise.withResolvers<Error>();
    const track = out.stream.getAudioTracks()[0] as MediaStreamTrack;
    const live = await liveAudio(broken, track, { onError: (error) => failure.resolve(error as Error) });
    const error = await failure.promise;
    const whole = await this.#open("AudioGainNode");
    await (await live.swap(whole)).close().catch(() => {});
    const heard = await listen(live.output, 1);
    const ended = await live.close();
    await whole.close();
    await source.close();
    return { message: error.message, heard, ended };
  }

  /** Pixels of a picture, red on the left and blue on the right, after a pipeline. */
  async picture(line: Line, frames: number): Promise<unknown> {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: 64, height: 48 });
    const drawing = canvas.getContext("2d") as CanvasRenderingContext2D;
    let tick = 0;
    const timer = setInterval(() => {
      drawing.fillStyle = "rgb(200, 0, 0)";
      drawing.fillRect(0, 0, 32, 48);
      drawing.fillStyle = "rgb(0, 0, 200)";
      drawing.fillRect(32, 0, 32, 48);
      // Something has to change, or there are no frames.
      drawing.fillStyle = `rgb(0, ${(tick += 1) % 2 === 0 ? 40 : 80}, 0)`;
      drawing.fillRect(28, 0, 8, 48);
    }, 20);
    const track = canvas.captureStream().getVideoTracks()[0] as MediaStreamTrack;
    const session = await this.#open(line);
    const live = await liveVideo(session, track, { width: 32, height: 24 });
    const out = live.canvas.getContext("2d") as CanvasRenderingContext2D;
    while (live.stats().shown < frames) await new Promise((resolve) => setTimeout(resolve, 20));
    const pixel = (x: number) => [...out.getImageData(x, 12, 1, 1).data];
    const [left, right] = [pixel(4), pixel(27)];
    const size = [live.canvas.width, live.canvas.height];
    const ended = await live.close();
    clearInterval(timer);
    await session.close();
    return { left, right, size, ended };
  }
}

/** Waits for a tone of some loudness; how loud and how high it is. */
async function listen(node: AudioNode, level: number): Promise<{ level: number; frequency: number }> {
  const { sampleRate } = node.context;
  const analyser = new AnalyserNode(node.context, { fftSize: 4096 });
  node.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  try {
    for (;;) {
      analyser.getFloatTimeDomainData(samples);
      const found = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      const rising = [...samples.keys()].filter((at) => at > 0 && samples[at - 1]! < 0 && samples[at]! >= 0);
      const waves = rising.slice(1).map((at, index) => at - rising[index]!);
      // Waves of one length and loudness from end to end: no gap and no change is within.
      const ends = [samples.subarray(0, 300), samples.subarray(-300)].map((part) =>
        part.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0),
      );
      const even = waves.length > 10 && Math.max(...waves) - Math.min(...waves) <= 2;
      if (even && [found, ...ends].every((each) => Math.abs(each / level - 1) < 0.05)) {
        return { level: found, frequency: (waves.length * sampleRate) / (rising.at(-1)! - rising[0]!) };
      }
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  } finally {
    node.disconnect(analyser);
  }
}

