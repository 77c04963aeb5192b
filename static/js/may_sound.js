// A sound file without any sound: browsers say of it whether a page may be heard, and make no fuss.
const SILENCE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=";
let silenceUrl = "";

function silence() {
  const bytes = Uint8Array.from(atob(SILENCE), (character) => character.codePointAt(0));
  silenceUrl ||= URL.createObjectURL(new Blob([bytes], { type: "audio/wav" }));
  return new Audio(silenceUrl);
}

/** Whether this page may be heard: somebody has touched it, or the browser lets all pages, as that of a wall may be told to. */
export async function maySound() {
  if (navigator.userActivation?.hasBeenActive) return true;
  return silence()
    .play()
    .then(
      () => true,
      () => false,
    );
}
