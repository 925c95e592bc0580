/** What the page and the audio thread say to each other. Counts are of frames: one sample of each channel. */

/** What the processor `pipeline-capture` is made with. */
export interface CaptureOptions {
  /** Of a piece. */
  readonly frames: number;
  readonly channels: number;
}

/** A piece of sound. */
export interface Captured {
  /** Interleaved. */
  readonly samples: Float32Array<ArrayBuffer>;
  /** When its first frame came, in seconds of the context's clock. */
  readonly at: number;
}

/** What the processor `pipeline-player` is made with. */
export interface PlayerOptions {
  readonly channels: number;
  /** How many frames wait before playing begins. */
  readonly target: number;
  /** How many may wait at most. */
  readonly most: number;
}

/** A piece to play. */
export interface ToPlay {
  /** Interleaved, at the rate of the player's context. */
  readonly samples: Float32Array;
  /** When the sound that it was made of came, in seconds of the player's clock. */
  readonly at: number;
}

/** How the player is: `received` is the sum of `played`, `skipped` and `buffered`. */
export interface Played {
  readonly received: number;
  readonly played: number;
  /** Thrown away, because too much waited. */
  readonly skipped: number;
  readonly buffered: number;
  /** How often there was nothing to play. */
  readonly underruns: number;
  /** What was played because of that, and while the buffer filled again. */
  readonly silence: number;
  /** From when sound came to when what became of it was played, in seconds, for each piece since the last word. */
  readonly delays: readonly number[];
  /** Whether this is its last word. */
  readonly last: boolean;
}
