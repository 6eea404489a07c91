// Writes CSV as RFC 4180 defines it, safe to open in a spreadsheet. Pure.

/** A value is quoted if it contains one of these. */
const NEEDS_QUOTES = /[",\r\n]/;
/**
 * Where a spreadsheet would take a text for a formula, also in full width: at the start, or after a semicolon, tab or line
 * break. Where the comma is the decimal separator, spreadsheets start a field at those, whatever is quoted.
 */
const FORMULA = /(?<=(?:^|[;\t\r\n])["\s]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

/**
 * One record with its line break. What a spreadsheet would run as a formula gets an apostrophe in front, which
 * spreadsheets take for the mark of a text.
 */
export const csvRecord = (values: readonly (string | number)[]): string =>
  `${values.map(field).join(",")}\r\n`;

function field(value: string | number): string {
  const text = String(value);
  const safe = typeof value === "string" ? text.replace(FORMULA, "'") : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
