import { gettext } from "../text.js";

export const RECORDING_MAX_MS = 5 * 60_000;
const NAME = "voice-message";

const TYPES = [
  ["audio/webm;codecs=opus", "webm"],
  ["audio/ogg;codecs=opus", "ogg"],
  ["audio/mp4", "m4a"],
];

/** `{type, name}` of a recording that this browser can make, or null; `isSupported` is MediaRecorder's question. */
export function recordingFormat(isSupported) {
  const found = TYPES.find(([type]) => isSupported(type));
  return found ? { type: found[0], name: `${NAME}.${found[1]}` } : null;
}

/** Whether a file of that name was recorded in a page; the name then tells nobody anything. */
export function isRecording(title) {
  return title.startsWith(`${NAME}.`);
}

/** "0:07", "4:59"; never more than the longest recording. */
export function elapsedText(ms) {
  const seconds = Math.floor(Math.min(Math.max(ms, 0), RECORDING_MAX_MS) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** What to tell somebody whose microphone could not be opened; `name` is the exception's. */
export function microphoneProblem(name) {
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return gettext("The microphone is not allowed. Allow it for this site in the browser's settings, then try again.");
    case "NotFoundError":
      return gettext("No microphone was found.");
    case "NotReadableError":
      return gettext("Another program uses the microphone.");
    default:
      return gettext("The microphone could not be opened.");
  }
}

/** Loudness 0-1 of samples between 0 and 255 with silence at 128; speech reaches the upper half. */
export function loudness(samples) {
  let sum = 0;
  for (const sample of samples) sum += (sample - 128) ** 2;
  const quadraticMean = Math.sqrt(sum / (samples.length || 1)) / 128;
  return Math.min(1, Math.sqrt(quadraticMean) * 1.5);
}
