// The words of `<doorbuster-buy>`, by language. English is the fallback.
import { minorUnitDecimals } from "../../values/iso-4217.ts";
import type { Money } from "../api.gen.ts";

export interface Words {
  buy: string;
  soon: string;
  left: string;
  held: string;
  soldOut: string;
  closed: string;
  stopped: string;
  unknown: string;
  wait: string;
  inLine: string;
  reserved: string;
  pay: string;
  bought: string;
  ended: string;
  signIn: string;
  limit: string;
  priceChanged: string;
  noAnswer: string;
  free: string;
}

const EN: Words = {
  buy: "Buy",
  soon: "Opens in {0}",
  left: "{0} left",
  held: "All reserved. Some may come back.",
  soldOut: "Sold out",
  closed: "This sale is over",
  stopped: "Paused for the moment",
  unknown: "Not in this sale",
  wait: "One moment…",
  inLine: "You are in line. Keep this page open.",
  reserved: "Reserved for you for {0}",
  pay: "Pay now",
  bought: "It is yours. Thank you!",
  ended: "Your reservation has ended",
  signIn: "Sign in to buy",
  limit: "You have reached the limit",
  priceChanged: "The price has changed. Please check it.",
  noAnswer: "No answer yet. Press again: you never get two.",
  free: "Free",
};

const DE: Words = {
  buy: "Kaufen",
  soon: "Beginnt in {0}",
  left: "Noch {0}",
  held: "Alles reserviert. Vielleicht wird etwas frei.",
  soldOut: "Ausverkauft",
  closed: "Der Verkauf ist vorbei",
  stopped: "Gerade angehalten",
  unknown: "Nicht in diesem Verkauf",
  wait: "Einen Moment …",
  inLine: "Sie stehen in der Schlange. Lassen Sie die Seite offen.",
  reserved: "Noch {0} für Sie reserviert",
  pay: "Jetzt bezahlen",
  bought: "Es gehört Ihnen. Danke!",
  ended: "Ihre Reservierung ist abgelaufen",
  signIn: "Zum Kaufen bitte anmelden",
  limit: "Sie haben die Höchstmenge erreicht",
  priceChanged: "Der Preis hat sich geändert. Bitte prüfen Sie ihn.",
  noAnswer: "Noch keine Antwort. Drücken Sie noch einmal: Sie erhalten nie zwei.",
  free: "Kostenlos",
};

const ALL: Record<string, Words> = { en: EN, de: DE };

export const wordsOf = (language: string): Words =>
  ALL[language.toLowerCase().split("-")[0] ?? ""] ?? EN;

export const fill = (text: string, value: string | number): string =>
  text.replace("{0}", String(value));

/** A price as it is written in a language. Invalid tags fall back to the browser's language. */
export function priceText({ amount, currency }: Money, language: string, words: Words): string {
  if (amount === 0) return words.free;
  const digits = minorUnitDecimals(currency);
  const options = {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  } as const;
  const value = amount / 10 ** digits;
  try {
    return new Intl.NumberFormat(language || undefined, options).format(value);
  } catch {
    return new Intl.NumberFormat(undefined, options).format(value);
  }
}

/** 65 → "1:05", 90,061 → "25:01:01". */
export function durationText(seconds: number): string {
  const rest = Math.max(0, seconds);
  const parts = [Math.floor(rest / 60) % 60, rest % 60];
  if (rest >= 3_600) parts.unshift(Math.floor(rest / 3_600));
  return parts.map((part, i) => String(part).padStart(i && 2, "0")).join(":");
}
