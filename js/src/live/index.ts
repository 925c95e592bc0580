/** Sound and pictures through a session while they come, in browsers. */

export { LiveAudio, liveAudio, type LiveAudioOptions, type LiveAudioStats } from "./audio.js";
export type { FeedStats, LiveSession, Times } from "./feed.js";
export type { PlayedFrames } from "./player.js";
export { LiveVideo, liveVideo, type LiveVideoOptions, type LiveVideoStats } from "./video.js";
