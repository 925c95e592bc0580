/** Where live sound and pictures come from: the machine's devices, or a recording that is repeated. */

/** A track, and what has to end with it. */
export interface Source {
  readonly track: MediaStreamTrack;
  /** How loud or bright it is, is not known here: what it is called. */
  readonly name: string;
  stop(): void;
}

/** Sound as it is: what makes calls pleasant (echo, noise, loudness) would change what the pipeline is given. */
const SOUND: MediaTrackConstraints = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

export function microphone(): Promise<Source> {
  return device({ audio: SOUND }, "microphone");
}

export function camera(width: number, height: number): Promise<Source> {
  return device({ video: { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: 30 } } }, "camera");
}

async function device(constraints: MediaStreamConstraints, what: string): Promise<Source> {
  if (navigator.mediaDevices === undefined) {
    throw new Error(`browsers give a page the ${what} over TLS and from localhost alone`);
  }
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia(constraints);
  } catch (error) {
    throw new Error(WHY[(error as DOMException).name]?.(what) ?? `the ${what} can't be had: ${(error as Error).message}`);
  }
  const track = stream.getTracks()[0] as MediaStreamTrack;
  return { track, name: track.label || what, stop: () => track.stop() };
}

const WHY: Record<string, (what: string) => string> = {
  NotAllowedError: (what) => `the ${what} was refused: the browser's settings of this page can allow it`,
  NotFoundError: (what) => `there is no ${what}`,
  NotReadableError: (what) => `another program has the ${what}`,
};

/** A recording, again and again. */
export function recording(context: AudioContext, { samples, sampleRate, channels, name }: Recording): Source {
  const buffer = context.createBuffer(channels, samples.length / channels, sampleRate);
  for (let channel = 0; channel < channels; channel += 1) {
    const data = buffer.getChannelData(channel);
    for (let frame = 0; frame < data.length; frame += 1) data[frame] = samples[frame * channels + channel] as number;
  }
  const player = new AudioBufferSourceNode(context, { buffer, loop: true });
  const out = context.createMediaStreamDestination();
  player.connect(out);
  player.start();
  const track = out.stream.getAudioTracks()[0] as MediaStreamTrack;
  return { track, name, stop: () => (player.stop(), track.stop()) };
}

export interface Recording {
  readonly samples: Float32Array;
  readonly sampleRate: number;
  readonly channels: number;
  readonly name: string;
}
