// The languages in which the pages for buyers are written, and the choice among them. `src/pages/words/` has their words.

/** BCP 47 tags, in the order of the pages' menu. */
export const LANGUAGES = ["en", "de", "fr", "es", "ja"] as const;

export type Language = (typeof LANGUAGES)[number];

/**
 * The language that a tag asks for, without regard to its region: `de-AT` is `de`. Undefined if the pages are not written
 * in it.
 */
export function languageOf(tag: string | undefined): Language | undefined {
  const primary = primaryOf(tag ?? "");
  return LANGUAGES.find((language) => language === primary);
}

/** A tag without its script and region. */
export const primaryOf = (tag: string): string => tag.toLowerCase().split("-")[0] as string;

/** Every primary tag that is written from right to left, and the scripts that make others so. */
const RIGHT_TO_LEFT = /^(?:ar|arc|ckb|dv|fa|he|iw|ji|ks|nqo|ps|sd|syr|ug|ur|yi)(?:-|$)/i;
const SCRIPT = /-([a-z]{4})(?:-|$)/i;
const RIGHT_TO_LEFT_SCRIPT = /^(?:adlm|arab|hebr|mand|nkoo|rohg|samr|syrc|thaa)$/i;

/** The direction of text in a language. A script in the tag, as in `az-Arab`, counts more than the language. */
export function directionOf(tag: string): "ltr" | "rtl" {
  const [, script] = SCRIPT.exec(tag) ?? [];
  const isRightToLeft = script ? RIGHT_TO_LEFT_SCRIPT.test(script) : RIGHT_TO_LEFT.test(tag);
  return isRightToLeft ? "rtl" : "ltr";
}
