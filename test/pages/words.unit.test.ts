// The words in all languages: every text has the gaps of the English one, and every state of an order and a refusal has words.
import { expect, test } from "vitest";
import { BECAUSE, ERRORS, type ErrorCode } from "../../src/http/errors.ts";
import { describeOrder, isSettling, type OrderLike } from "../../src/pages/copy/order.ts";
import { refusalText } from "../../src/pages/copy/refusal.ts";
import { explain } from "../../src/pages/error-pages.ts";
import { wordingIn } from "../../src/pages/page.ts";
import { wordsIn } from "../../src/pages/words/all.ts";
import { directionOf, LANGUAGES, languageOf } from "../../src/values/languages.ts";

const others = LANGUAGES.filter((language) => language !== "en");

/** Every text by its path, such as `line.ahead.other`. */
function textsOf(value: unknown, path = ""): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  return Object.entries(value as object).flatMap(([name, each]) =>
    textsOf(each, path ? `${path}.${name}` : name),
  );
}

const gapsIn = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([gap]) => gap);
const english = new Map(textsOf(wordsIn("en")));

test.each(others)("has the gaps of the English texts in %s, and no empty text", (language) => {
  for (const [path, text] of textsOf(wordsIn(language))) {
    const plural = path.replace(/\.(?:zero|one|two|few|many)$/, ".other");
    const allowed = gapsIn(english.get(path) ?? english.get(plural) ?? "");
    const has = gapsIn(text);
    expect(text.trim(), path).not.toBe("");
    expect(new Set(has).size, path).toBe(has.length);
    // A plural may leave its number out: "one person".
    if (path.endsWith(".other") || !path.endsWith(".one")) {
      expect([...has].sort(), path).toEqual([...allowed].sort());
    }
  }
});

test("keeps French punctuation on the line of its word", () => {
  for (const [path, text] of textsOf(wordsIn("fr"))) expect(text, path).not.toMatch(/ [:;!?»]|« /);
});

const STATUSES = ["reserved", "confirmed", "cancelled", "expired", "refunded"];
const PAYMENTS = [
  ...[undefined, "due", "processing", "action_required", "declined", "charged", "voided"],
  ...["refund_due", "refund_failed", "refunded"],
];
const REASONS = [undefined, "buyer", "operator", "voided", "amount_too_small"];

/** No gap is left, and no word is missing. */
const isWhole = (text: string) => text !== "" && !/[{}]|undefined|null|NaN/.test(text);

test.each(LANGUAGES)("tells a buyer the state of every order in %s", (language) => {
  const wording = wordingIn(language);
  const english = wordingIn("en");
  const { notCharged, tryAnother, noOtherCard, oldDecline } = wording.words.order;
  const claims = [notCharged, tryAnother, noOtherCard, oldDecline];
  for (const status of STATUSES)
    for (const payment of PAYMENTS)
      for (const reason of REASONS)
        for (const attemptsLeft of [0, 1]) {
          const order = {
            ...{ status, payment, reason, attemptsLeft },
            unitPrice: { amount: 100, currency: "EUR" },
          } as OrderLike;
          const { title, text } = describeOrder(order, wording);
          expect([title, text].every(isWhole)).toBe(true);
          // Every language says of the money what English says.
          const isClaimed = claims.some((claim) => text.includes(claim));
          const inEnglish = describeOrder(order, english).text;
          expect(isClaimed).toBe(/weren't charged|haven't been charged/.test(inEnglish));
          if (isSettling(order)) expect(text).not.toContain(notCharged);
        }
});

test.each(LANGUAGES)("explains every refusal in %s", (language) => {
  const wording = wordingIn(language);
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const { title, text } = explain({ reason: code, retryAfterSeconds: 90 }, wording);
    expect([title, text].every(isWhole), code).toBe(true);
    for (const because of BECAUSE)
      expect(isWhole(refusalText({ code, because }, wording)), code).toBe(true);
  }
});

test("chooses plurals and writes numbers, waits and prices as the language does", () => {
  const say = (language: (typeof LANGUAGES)[number], n: number) => {
    const { fill, words } = wordingIn(language);
    return fill(words.line.ahead, { n });
  };
  expect([say("de", 1), say("de", 1_100)]).toEqual([
    "1 Person ist vor Ihnen.",
    "1.100 Personen sind vor Ihnen.",
  ]);
  expect(say("fr", 0)).toBe("0 personne est devant vous.");
  expect(say("ja", 3)).toBe("前に3人います。");
  expect(wordingIn("de").duration(12, "minute")).toBe("12 Minuten");
  expect(wordingIn("es").price(0, "EUR")).toBe("Gratis");
  expect(wordingIn("de").price(500_000, "HUF").replace(/\s/g, " ")).toBe("5.000,00 HUF");
});

test("finds a shipped language by its primary tag, and the direction of any", () => {
  expect(["de-AT", "JA", "pt-BR", "", "deutsch"].map(languageOf)).toEqual([
    ...["de", "ja"],
    ...[undefined, undefined, undefined],
  ]);
  const tags = ["ar", "he-IL", "fa", "az-Arab", "ur-Latn", "arn", "en"];
  expect(tags.map(directionOf)).toEqual(["rtl", "rtl", "rtl", "rtl", "ltr", "ltr", "ltr"]);
});
