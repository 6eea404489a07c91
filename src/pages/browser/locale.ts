// Prices and times in the visitor's own language and time zone.

const languages = navigator.languages as string[];
const TIME = new Intl.DateTimeFormat(languages, { dateStyle: "medium", timeStyle: "short" });
/** The language and the time zone that came of it. */
export const { locale, timeZone } = TIME.resolvedOptions();
const CLOCK = new Intl.DateTimeFormat(languages, { timeStyle: "short" });

export const formatTime = (time: string | number): string => TIME.format(new Date(time));
export const formatClock = (time: string | number): string => CLOCK.format(new Date(time));

export function money(amount: number, currency: string): string {
  if (amount === 0) return "Free";
  const format = new Intl.NumberFormat(languages, { style: "currency", currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

/** 65 → "1:05"; an hour and more gets hours. */
export function spell(seconds: number): string {
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60];
  const hours = Math.floor(seconds / 3_600);
  if (hours > 0) parts.unshift(hours);
  return parts.map((part, i) => String(part).padStart(i && 2, "0")).join(":");
}
