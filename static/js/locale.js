/**
 * How numbers and times are written: in the page's language, as the reader's part of the world has it.
 * So an English page says 22/11 to who reads British English, and 11/22 to who reads American.
 */
const language = globalThis.document?.documentElement.lang ?? "";
const base = language.split("-")[0].toLowerCase();
const wanted = globalThis.navigator?.languages ?? [];

export const LOCALES = [...wanted.filter((tag) => tag.split("-")[0].toLowerCase() === base), language].filter(Boolean);
