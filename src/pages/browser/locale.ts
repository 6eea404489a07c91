// Prices and times in the visitor's own language and time zone, as far as their browser can say them.
import { minorUnitDecimals } from "../../iso-4217.ts";
import type { Format } from "../copy/refusal.ts";

/** Some browsers name languages that no `Intl` takes, such as `en-US@posix`. */
function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

/** Empty: the browser's default. */
const languages = [...(navigator.languages ?? [])].filter(isLanguage);

/** A device whose time zone its browser does not know gets UTC. */
function timeFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat(languages, options);
  } catch {
    return new Intl.DateTimeFormat("en", { ...options, timeZone: "UTC" });
  }
}

const TIME = timeFormat({ dateStyle: "medium", timeStyle: "short" });
/** The language and the time zone that came of it. */
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

/** 65 → "1:05"; an hour and more gets hours. */
export function spell(seconds: number): string {
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60];
  const hours = Math.floor(seconds / 3_600);
  if (hours > 0) parts.unshift(hours);
  return parts.map((part, i) => String(part).padStart(i && 2, "0")).join(":");
}
