import { LOCALES } from "../locale.js";

const SCALED_UNITS = new Set(["B", "B/s", "bit/s", "Hz", "W", "Wh"]);
const PREFIXES = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];

const formats = new Map();

function format(digits, significant = false) {
  const name = `${digits}${significant}`;
  const options = significant ? { maximumSignificantDigits: digits } : { maximumFractionDigits: digits };
  if (!formats.has(name)) formats.set(name, new Intl.NumberFormat(LOCALES, options));
  return formats.get(name);
}

/** A number as short as its size allows: three to four digits that matter, never in powers of ten within reason. */
export function shortNumber(value) {
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-6)) return value.toPrecision(3);
  if (size >= 100) return format(size >= 1000 ? 0 : 1).format(value);
  return size >= 1 ? format(2).format(value) : format(3, true).format(value);
}

/** A number beside others that lie `step` apart: with as many decimals as tell them from each other. */
export function steppedNumber(value, step) {
  const digits = Math.min(Math.max(-Math.floor(Math.log10(step) + 1e-9), 0), 12);
  return Math.abs(value) >= 1e15 ? shortNumber(value) : format(digits).format(value);
}

function scaleOf(value, unit) {
  return (SCALED_UNITS.has(unit) && PREFIXES.find(([size]) => Math.abs(value) >= size)) || [1, ""];
}

/** `[number, unit]` for a reader: bytes and their like get k, M, G. */
export function readable(value, unit) {
  const [factor, prefix] = scaleOf(value, unit);
  return [shortNumber(value / factor), prefix + unit];
}

/** The label of one of `values`, which lie evenly: all in one scale, told apart; bytes and their like say the unit. */
export function axisLabel(value, values, unit) {
  const step = values.length > 1 ? Math.abs(values[1] - values[0]) : 1;
  const [factor, prefix] = scaleOf(Math.max(...values.map(Math.abs)), unit);
  const number = steppedNumber(value / factor, step / factor);
  return SCALED_UNITS.has(unit) ? `${number}\u00a0${prefix}${unit}` : number;
}

/** Number and unit in one that no line break parts; a percent sign stands closer. */
export function withUnit(value, unit) {
  return readable(value, unit).filter(Boolean).join(unit === "%" ? "" : "\u00a0");
}
