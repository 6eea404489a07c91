// How texts get their language: the words, and formats for what is put into them. Server and browser share it.
import type { Money } from "../../values/money.ts";
import { formatMoney } from "../format.ts";
import type { Plural, Template, Words } from "../words/words.ts";

export interface Wording {
  /** The language of the words, as a BCP 47 tag. */
  language: string;
  words: Words;
  /** Puts values into the gaps of a text: numbers in the format of the language. `n` decides the plural. */
  fill<Names extends string>(
    text: Template<Names>,
    values: Readonly<Record<Names, string | number>>,
  ): string;
  /** A number in the format of the language. */
  count(n: number): string;
  /** Several sentences as one text. Empty ones are left out. */
  join(...sentences: readonly (string | undefined)[]): string;
  /** "5 minutes". */
  duration(count: number, unit: "second" | "minute" | "hour"): string;
  /** Formats ISO 8601. */
  time(iso: string): string;
  /** A price, or that it is free. */
  price(amount: Money["amount"], currency: Money["currency"]): string;
}

/** Splits a text at its gaps: every second part is the name of one. */
export const partsOf = (text: string): string[] => text.split(/\{(\w+)\}/);

/** Languages that put no space between sentences. */
const WITHOUT_SPACES = /^(?:ja|zh)/;

/**
 * The wording in a language.
 *
 * @param locales for formats: the language itself, perhaps with the region of the visitor
 */
export function wordingOf(
  words: Words,
  language: string,
  locales: string | string[],
  time: Wording["time"],
): Wording {
  const numbers = new Intl.NumberFormat(locales);
  const plurals = new Intl.PluralRules(language);
  const space = WITHOUT_SPACES.test(language) ? "" : " ";
  return {
    language,
    words,
    fill(template, values: Readonly<Record<string, string | number>>) {
      // A template is a plain value whose type names its gaps.
      const text = template as unknown as string | Plural;
      const chosen =
        typeof text === "string" ? text : (text[plurals.select(Number(values.n))] ?? text.other);
      const show = (value?: string | number) =>
        typeof value === "number" ? numbers.format(value) : value;
      return partsOf(chosen)
        .map((part, i) => (i % 2 ? show(values[part]) : part))
        .join("");
    },
    count: (n) => numbers.format(n),
    join: (...sentences) => sentences.filter(Boolean).join(space),
    duration: (count, unit) =>
      new Intl.NumberFormat(locales, { style: "unit", unit, unitDisplay: "long" }).format(count),
    time,
    price: (amount, currency) =>
      amount ? formatMoney({ amount, currency }, locales) : words.common.free,
  };
}
