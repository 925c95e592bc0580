/** Which heights a sound has, over time: a picture of its spectra. */

import FFT from "fft.js";

/** Samples of which a spectrum is made, weighted so that the ends don't count. */
const WINDOW = 1024;

const COLUMNS = 300;
const ROWS = 128;

/** What is drawn darkest, in dB of a sine as loud as there can be. */
const QUIET = -100;

/** Draws a sound, the mean of its channels. Time goes to the right; frequency goes up in octaves, from 40 Hz. */
export function spectrogram({ samples, sampleRate, channels }: Sound): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: COLUMNS, height: ROWS, className: "spectrogram" });
  canvas.ariaHidden = "true";
  const drawing = canvas.getContext("2d") as CanvasRenderingContext2D;
  const picture = drawing.createImageData(COLUMNS, ROWS);
  const fft = new FFT(WINDOW);
  const part = new Array<number>(WINDOW);
  const spectrum = fft.createComplexArray() as number[];
  const weights = Array.from({ length: WINDOW }, (_, at) => 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / WINDOW));
  const frames = samples.length / channels;
  const bins = Array.from({ length: ROWS }, (_, row) => (rowFrequency(row, sampleRate) * WINDOW) / sampleRate);
  for (let column = 0; column < COLUMNS; column += 1) {
    const first = Math.round(((column + 0.5) / COLUMNS) * frames - WINDOW / 2);
    for (let at = 0; at < WINDOW; at += 1) {
      let sample = 0;
      for (let channel = 0; channel < channels; channel += 1) sample += samples[(first + at) * channels + channel] ?? 0;
      part[at] = ((sample / channels) * (weights[at] as number) * 4) / WINDOW;
    }
    fft.realTransform(spectrum, part);
    for (let row = 0; row < ROWS; row += 1) {
      // All bins up to the next row's, the loudest: a lone sine is not to be missed.
      const from = Math.round(bins[row] as number);
      const to = Math.max(from, Math.round(bins[row + 1] ?? WINDOW / 2) - 1);
      let most = 0;
      for (let bin = from; bin <= to; bin += 1) most = Math.max(most, Math.hypot(spectrum[2 * bin] ?? 0, spectrum[2 * bin + 1] ?? 0));
      const loud = Math.max(0, 1 - (20 * Math.log10(most)) / QUIET);
      picture.data.set(colour(loud), ((ROWS - 1 - row) * COLUMNS + column) * 4);
    }
  }
  drawing.putImageData(picture, 0, 0);
  return canvas;
}

interface Sound {
  readonly samples: Float32Array;
  readonly sampleRate: number;
  readonly channels: number;
}

const LOWEST = 40;

function rowFrequency(row: number, sampleRate: number): number {
  return LOWEST * (sampleRate / 2 / LOWEST) ** (row / ROWS);
}

/** From black over blue and red to light yellow. */
function colour(loud: number): [number, number, number, number] {
  const part = (from: number, to: number) => Math.round(255 * Math.max(0, Math.min(1, (loud - from) / (to - from))));
  return [part(0.35, 0.75), part(0.6, 1), loud < 0.6 ? part(0.05, 0.55) : Math.round(255 * (1 - 0.6 * ((loud - 0.6) / 0.4))), 255];
}
