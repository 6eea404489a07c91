// Writes CSV as RFC 4180 defines it, safe to open in a spreadsheet. Pure.

/** A value is quoted if it contains one of these. */
const NEEDS_QUOTES = /[",\r\n]/;
/** Starts of a text that spreadsheets take for a formula, also in full width. A tab or line break can hide one. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/**
 * One record with its line break. A text that a spreadsheet would run as a formula gets an apostrophe in front, which
 * spreadsheets take for the mark of a text.
 */
export const csvRecord = (values: readonly (string | number)[]): string =>
  `${values.map(field).join(",")}\r\n`;

function field(value: string | number): string {
  const text = String(value);
  const safe = typeof value === "string" && FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
