/** How loud something is, and what its wave looks like: a canvas, and a meter for those who don't see it. */

import { byId } from "./dom.js";

/** The quietest that is shown, in dB of the loudest sample that there can be. */
const QUIET = -60;

/** How often the meter's number changes, in milliseconds. */
const SAY = 250;

export class Meter {
  readonly #canvas: HTMLCanvasElement;
  readonly #bar: HTMLElement;
  readonly #analyser: AnalyserNode;
  readonly #samples: Float32Array<ArrayBuffer>;
  readonly #node: AudioNode;
  #frame = 0;
  #said = 0;
  /** The loudest sample since it was said. */
  #peak = 0;

  /** Shows what a node gives in the canvas and in the element of the role `meter` that `id` names. */
  constructor(id: string, node: AudioNode) {
    this.#canvas = byId<HTMLCanvasElement>(`${id}-wave`);
    this.#bar = byId(`${id}-level`);
    this.#node = node;
    this.#analyser = new AnalyserNode(node.context, { fftSize: 2048 });
    this.#samples = new Float32Array(this.#analyser.fftSize);
    node.connect(this.#analyser);
    this.#draw(performance.now());
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
    this.#node.disconnect(this.#analyser);
    this.#show(QUIET);
    this.#canvas.getContext("2d")?.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  #draw(now: number): void {
    this.#frame = requestAnimationFrame((time) => this.#draw(time));
    const samples = this.#samples;
    this.#analyser.getFloatTimeDomainData(samples);
    const canvas = this.#canvas;
    const { clientWidth: width, clientHeight: height } = canvas;
    const scale = devicePixelRatio;
    if (canvas.width !== width * scale) canvas.width = width * scale;
    if (canvas.height !== height * scale) canvas.height = height * scale;
    const drawing = canvas.getContext("2d") as CanvasRenderingContext2D;
    drawing.setTransform(scale, 0, 0, scale, 0, 0);
    drawing.clearRect(0, 0, width, height);
    drawing.strokeStyle = getComputedStyle(canvas).color;
    drawing.lineWidth = 1.5;
    drawing.beginPath();
    for (let x = 0; x < width; x += 1) {
      const sample = samples[Math.floor((x * samples.length) / width)] ?? 0;
      drawing.lineTo(x, (height / 2) * (1 - 0.95 * Math.max(-1, Math.min(1, sample))));
    }
    drawing.stroke();
    for (const sample of samples) this.#peak = Math.max(this.#peak, Math.abs(sample));
    if (now - this.#said < SAY) return;
    this.#said = now;
    this.#show(Math.max(QUIET, 20 * Math.log10(this.#peak)));
    this.#peak = 0;
  }

  #show(level: number): void {
    const shown = Math.round(Math.min(0, level));
    this.#bar.style.setProperty("--level", `${(100 * (shown - QUIET)) / -QUIET}%`);
    this.#bar.ariaValueNow = String(shown);
    this.#bar.ariaValueText = shown === QUIET ? "silence" : `${shown} decibels`;
  }
}
