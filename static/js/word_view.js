const ROOMY_CHARACTERS = 11;

/** Shows a word on one line: `--chars` tells the style sheet how long it is; short words share one size. */
export function showWord(target, word) {
  target.textContent = word;
  target.style.setProperty("--chars", String(Math.max([...word].length, ROOMY_CHARACTERS)));
}
