// The opening of a sale as an iCalendar file (RFC 5545), which reminds people without a server that knows them. Pure. Libraries
// for calendars are 25 to 36 KB of the upload, and one of them cuts characters in two; this file has a dozen properties.
import type { Sale } from "../catalog/schema.ts";

/** The longest line in bytes, without its end (RFC 5545, section 3.1). */
const MAX_LINE_BYTES = 75;
/** How long the event lasts in a calendar: a sale of days would cover everything else there. */
const EVENT_MS = 900_000;
/** Revisions are milliseconds, which a sequence number is too small for: it counts seconds from 2026 on. */
const SEQUENCE_FROM_MS = Date.UTC(2026, 0, 1);

export interface Reminder {
  sale: Pick<Sale, "id" | "opensAt">;
  /** The revision of the sale: a calendar that has an earlier one moves its event. */
  revision: number;
  /** The address of the sale's page. */
  url: string;
  title: string;
  text: string;
}

/** The file: one event with an alarm ten minutes before. */
export function reminderFile({ sale, revision, url, title, text }: Reminder): string {
  const opensAt = Date.parse(sale.opensAt);
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Doorbuster//Reminder//EN",
    "CALSCALE:GREGORIAN",
    "BEGIN:VEVENT",
    // The same for every version of the sale.
    `UID:${sale.id}@${new URL(url).host}`,
    `SEQUENCE:${Math.max(0, Math.floor((revision - SEQUENCE_FROM_MS) / 1_000))}`,
    // When the event was changed last, not when this file was made: the same version has the same bytes.
    `DTSTAMP:${utc(revision)}`,
    `DTSTART:${utc(opensAt)}`,
    `DTEND:${utc(opensAt + EVENT_MS)}`,
    `SUMMARY:${escaped(title)}`,
    `DESCRIPTION:${escaped(text)}`,
    `URL:${url}`,
    "TRANSP:TRANSPARENT",
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    `DESCRIPTION:${escaped(title)}`,
    "TRIGGER:-PT10M",
    "END:VALARM",
    "END:VEVENT",
    "END:VCALENDAR",
  ];
  return lines.map(folded).join("");
}

/** `20261201T090000Z`. */
const utc = (ms: number): string => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, "");

/** Escapes a text (RFC 5545, section 3.3.11), and removes control characters, which it cannot have. */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\\;,]/g, "\\$&")
    .replace(/\r\n?|\n/g, "\\n")
    .replace(/[^\P{Cc}\t]/gu, "");

/** Ends a line, and continues a long one on further lines, which begin with a space. Cuts between characters only. */
function folded(line: string): string {
  const encoder = new TextEncoder();
  let text = "";
  let bytes = 0;
  for (const character of line) {
    const size = encoder.encode(character).length;
    if (bytes + size > MAX_LINE_BYTES) {
      text += "\r\n ";
      bytes = 1;
    }
    text += character;
    bytes += size;
  }
  return `${text}\r\n`;
}
