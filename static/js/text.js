/** The one reader of Django's JavaScript catalogue; without one (in node) a text stands for itself. */

export function gettext(text) {
  return globalThis.gettext ? globalThis.gettext(text) : text;
}

export function ngettext(singular, plural, count) {
  if (globalThis.ngettext) return globalThis.ngettext(singular, plural, count);
  return count === 1 ? singular : plural;
}

/** What is left of a list that does not show all. */
export function moreText(count) {
  return interpolate(ngettext("and %(count)s more", "and %(count)s more", count), { count });
}

/** Fills `%(name)s` from `values`; an unknown name stays as it is. */
export function interpolate(text, values) {
  return text.replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
