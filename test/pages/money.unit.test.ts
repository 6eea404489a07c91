// How amounts are shown: with the decimals of ISO 4217, never with the digits of `Intl`, which differ between engines.
import fc from "fast-check";
import { expect, test } from "vitest";
import { formatMoney } from "../../src/pages/format.ts";
import { wordingIn } from "../../src/pages/page.ts";
import { isActiveCurrency, minorUnitDecimals } from "../../src/values/iso-4217.ts";

/** Three letters, most of which are no currency. */
const aCode = fc
  .tuple(...Array.from({ length: 3 }, () => fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZ")))
  .map((letters) => letters.join(""));
const aCurrency = fc.oneof(
  fc.constantFrom("USD", "HUF", "ISK", "JPY", "KWD", "CLF", "LBP", "XCG"),
  aCode.filter(isActiveCurrency),
);
/** Prices of up to twelve digits for a hundred units. */
const anAmount = fc.integer({ min: 1, max: 99_999_999_999_900 });

/** Intl separates the code from the number with a no-break space. */
const plain = (text: string) => text.replaceAll("\u00a0", " ");

test.each([
  [500_000, "HUF", "HUF 5,000.00"],
  [5_000, "ISK", "ISK 5,000"],
  [5_000, "UGX", "UGX 5,000"],
  [49, "JPY", "¥49"],
  [1_005, "KWD", "KWD 1.005"],
  [1_010, "BHD", "BHD 1.010"],
  [10_000, "CLF", "CLF 1.0000"],
  [150_000_00, "IDR", "IDR 150,000.00"],
  [12_000, "USD", "$120.00"],
  [1_000, "MGA", "MGA 10.00"],
])("shows %i minor units of %s as %s", (amount, currency, shown) => {
  expect(plain(formatMoney({ amount, currency }))).toBe(shown);
  expect(plain(wordingIn("en").price(amount, currency))).toBe(shown);
});

test("shows every amount of every currency to its last minor unit", () => {
  fc.assert(
    fc.property(anAmount, aCurrency, (amount, currency) => {
      const shown = formatMoney({ amount, currency });
      const [, fraction = ""] = /\.(\d+)$/.exec(shown) ?? []; // a symbol may contain a dot: "Cg."
      expect(fraction).toHaveLength(minorUnitDecimals(currency));
      expect(Number(shown.replaceAll(/\D/g, ""))).toBe(amount);
    }),
  );
});

test.each(["USD", "HUF", "KWD", "CLF", "UYW", "XCG"])("counts %s as an active currency", (code) => {
  expect(isActiveCurrency(code)).toBe(true);
});

test.each(["HRK", "DEM", "ANG", "BGN", "XAU", "XTS", "XXX", "ZZZ", "usd", "US", "", "D A"])(
  "does not count %j as an active currency",
  (code) => {
    expect(isActiveCurrency(code)).toBe(false);
  },
);
