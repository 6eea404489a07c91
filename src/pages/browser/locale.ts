// Formats prices and times in the visitor's language and time zone, with fallbacks for what `Intl` rejects.
import { minorUnitDecimals } from "../../iso-4217.ts";
import type { Format } from "../copy/refusal.ts";

/** Some browsers report language tags that `Intl` rejects, such as `en-US@posix`. */
function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

/** If empty, `Intl` uses the browser's default. */
const languages = [...(navigator.languages ?? [])].filter(isLanguage);

/** Falls back to UTC if the browser does not recognize the device's time zone. */
function timeFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat(languages, options);
  } catch {
    return new Intl.DateTimeFormat("en", { ...options, timeZone: "UTC" });
  }
}

const TIME = timeFormat({ dateStyle: "medium", timeStyle: "short" });
/** The resolved language and time zone. */
export const { locale, timeZone } = TIME.resolvedOptions();
const CLOCK = timeFormat({ timeStyle: "short" });

export const formatTime = (time: string | number): string => TIME.format(new Date(time));
export const formatClock = (time: string | number): string => CLOCK.format(new Date(time));

export function money(amount: number, currency: string): string {
  if (amount === 0) return "Free";
  const digits = minorUnitDecimals(currency);
  const format = new Intl.NumberFormat(languages, {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return format.format(amount / 10 ** digits);
}

export const FORMAT: Format = { time: formatTime, price: money };

/** 65 → "1:05", 3,665 → "1:01:05". */
export function formatDuration(seconds: number): string {
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60];
  const hours = Math.floor(seconds / 3_600);
  if (hours > 0) parts.unshift(hours);
  return parts.map((part, i) => String(part).padStart(i && 2, "0")).join(":");
}
