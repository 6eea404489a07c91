// A card that was entered before the opening fits only what its account then chose, and only while its token is good.
import fc from "fast-check";
import { expect, test } from "vitest";
import { fitOf, type PreparedCard, type Wanted } from "../../src/pages/browser/prepared-card.ts";

const user = fc.constantFrom("a", "b");
const terms = {
  quantity: fc.integer({ min: 1, max: 2 }),
  unitPrice: fc.record({
    amount: fc.constantFrom(100, 200),
    currency: fc.constantFrom("USD", "EUR"),
  }),
};
const card = fc.record({
  user,
  ...terms,
  token: fc.constant("t"),
  expiresAt: fc.integer({ min: 0, max: 2_000_000 }),
});
const wanted = fc.record({
  user: fc.option(user, { nil: undefined }),
  ...terms,
  at: fc.integer({ min: 0, max: 2_000_000 }),
});

test("a card pays only for its own account, at the total it was entered for, before its token expires", () => {
  fc.assert(
    fc.property(card, wanted, (card: PreparedCard, wanted: Wanted) => {
      if (fitOf(card, wanted) !== "ready") return;
      const { user, quantity, unitPrice } = card;
      expect({ user, quantity, unitPrice }).toEqual({ ...wanted, at: undefined });
      expect(wanted.at).toBeLessThan(card.expiresAt);
    }),
  );
});

test("a card that fits is used until five minutes before its token expires", () => {
  const terms = { user: "a", quantity: 2, unitPrice: { amount: 100, currency: "USD" } };
  const card = { ...terms, token: "t", expiresAt: 1_000_000 };
  expect(fitOf(card, { ...terms, at: 699_999 })).toBe("ready");
  expect(fitOf(card, { ...terms, at: 700_000 })).toBe("changed");
  expect(fitOf(card, { ...terms, at: 0, quantity: 1 })).toBe("changed");
  expect(fitOf(card, { ...terms, at: 0, user: "b" })).toBe("none");
  expect(fitOf(undefined, { ...terms, at: 0 })).toBe("none");
});
