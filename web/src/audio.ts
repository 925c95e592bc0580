/** Audio between files and typed items. */

import type { wit } from "@remotemedia/pipeline";

type Audio = wit.Audio;

/** What decoding resamples to, where a file does not say its own rate in a form that is read here. */
const COMMON_RATE = 48_000;

/** Decodes a file of any format that the browser knows. */
export async function decode(file: Blob): Promise<Audio> {
  const bytes = await file.arrayBuffer();
  // Decoding resamples to the context's rate: a WAV file keeps its own.
  const context = new OfflineAudioContext(1, 1, wavRate(bytes) ?? COMMON_RATE);
  let buffer;
  try {
    buffer = await context.decodeAudioData(bytes);
  } catch {
    throw new Error("this browser can't decode it: is it an audio file?");
  }
  const channels = buffer.numberOfChannels;
  const samples = new Float32Array(buffer.length * channels);
  for (let channel = 0; channel < channels; channel++) {
    buffer.getChannelData(channel).forEach((sample, frame) => {
      samples[frame * channels + channel] = sample;
    });
  }
  return { samples, sampleRate: buffer.sampleRate, channels };
}

function wavRate(bytes: ArrayBuffer): number | null {
  const view = new DataView(bytes);
  const tag = (at: number) => String.fromCharCode(...new Uint8Array(bytes, at, 4));
  if (bytes.byteLength < 44 || tag(0) !== "RIFF" || tag(12) !== "fmt ") return null;
  const rate = view.getUint32(24, true);
  // The rates that every browser must support.
  return rate >= 8_000 && rate <= 96_000 ? rate : null;
}

/** A WAV file with 32-bit floats: nothing of the samples is lost. */
export function wav({ samples, sampleRate, channels }: Audio): Uint8Array<ArrayBuffer> {
  const header = 58;
  const view = new DataView(new ArrayBuffer(header + samples.length * 4));
  const text = (at: number, tag: string) => [...tag].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  const float = 3;
  text(0, "RIFF");
  view.setUint32(4, header - 8 + samples.length * 4, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 18, true);
  view.setUint16(20, float, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * channels * 4, true);
  view.setUint16(32, channels * 4, true);
  view.setUint16(34, 32, true);
  view.setUint16(36, 0, true);
  text(38, "fact");
  view.setUint32(42, 4, true);
  view.setUint32(46, samples.length / channels, true);
  text(50, "data");
  view.setUint32(54, samples.length * 4, true);
  samples.forEach((sample, index) => view.setFloat32(header + index * 4, sample, true));
  return new Uint8Array(view.buffer);
}

/** A tone that moves from the left to the right, to try audio without a file. */
export function tone(): Audio {
  const sampleRate = 44_100;
  const frames = sampleRate;
  const samples = new Float32Array(frames * 2);
  for (let frame = 0; frame < frames; frame++) {
    const time = frame / frames;
    const fade = Math.min(1, time * 20, (1 - time) * 20);
    const sample = 0.4 * fade * Math.sin(2 * Math.PI * 440 * (frame / sampleRate));
    samples[frame * 2] = sample * (1 - time);
    samples[frame * 2 + 1] = sample * time;
  }
  return { samples, sampleRate, channels: 2 };
}

export function describe({ samples, sampleRate, channels }: Pick<Audio, "samples" | "sampleRate" | "channels">): string {
  const seconds = samples.length / channels / sampleRate;
  const layout = channels === 1 ? "mono" : channels === 2 ? "stereo" : `${channels} channels`;
  return `${seconds.toFixed(2)} s, ${sampleRate} Hz, ${layout}`;
}
