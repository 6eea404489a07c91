// The console's forms as pure decisions: what a filled-in form asks for.
import fc from "fast-check";
import { expect, test } from "vitest";
import { numberIn } from "../../src/admin/console/form-schema.ts";
import { formOf, lineChangeOf } from "../../src/admin/console/line-form.ts";
import { orderForm, type RefundForm, refundOf } from "../../src/admin/console/order-form.ts";
import { type RuleForm, ruleBodyOf } from "../../src/admin/console/rule-form.ts";
import { unitsOf } from "../../src/admin/console/stock-form.ts";
import { lineChangeSchema } from "../../src/admission/client.ts";

const settings = fc.record({
  ratePerSecond: fc.integer({ min: 1, max: 10_000 }).map((tenths) => tenths / 10),
  paused: fc.boolean(),
  notice: fc.option(fc.stringMatching(/^[a-z]{1,20}$/)),
});

test("the form of a line changes what was edited, and nothing else", () => {
  fc.assert(
    fc.property(settings, settings, settings, (shown, wanted, now) => {
      const typed = formOf(wanted);
      const form = { ...formOf(shown), rate: typed.rate, paused: typed.paused };
      const result = lineChangeOf({ ...form, notice: typed.notice, reason: "x" });
      const edited = (Object.keys(shown) as (keyof typeof shown)[]).filter(
        (name) => shown[name] !== wanted[name],
      );
      expect(result.ok).toBe(edited.length > 0);
      if (!result.ok) return;
      // Another operator's newer settings stay, except those that were edited.
      const expected = {
        ...now,
        ...Object.fromEntries(edited.map((name) => [name, wanted[name]])),
      };
      expect({ ...now, ...result.command }).toEqual(expected);
    }),
  );
});

const text = fc.oneof(fc.string(), fc.double().map(String), fc.integer().map(String));

test("the form of a line asks for what the API accepts, or says what is wrong", () => {
  const state = fc.constantFrom("no" as const, "yes" as const);
  const form = fc.record({
    ...{ rate: text, paused: state, notice: fc.string(), reason: fc.string() },
    ...{ shownRate: text, shownPaused: state, shownNotice: fc.string() },
  });
  fc.assert(
    fc.property(form, (filled) => {
      const result = lineChangeOf(filled);
      if (result.ok) expect(lineChangeSchema.safeParse(result.command).success).toBe(true);
      else expect(result.issues.length).toBeGreaterThan(0);
    }),
  );
});

test("a refund is of whole units, of none if only money came back, or of all that are left", () => {
  fc.assert(
    fc.property(text, (quantity) => {
      const form: RefundForm = {
        ...{ action: "refund", key: "k", quantity, units: "sell", reason: "x" },
      };
      const result = refundOf(form);
      const units = result.ok ? result.command.quantity : undefined;
      if (!result.ok) expect(result.issues[0]?.path).toBe("quantity");
      else if (quantity.trim() === "") expect(units).toBeUndefined();
      else expect(Number.isInteger(units) && Number(units) >= 0).toBe(true);
    }),
    { examples: [["0"]] },
  );
});

test("a rule lasts as many minutes as the form says, or until it is removed", () => {
  fc.assert(
    fc.property(text, (minutes) => {
      const form: RuleForm = {
        ...{ action: "save", effect: "deny", kind: "user", value: "ann", reason: "x", minutes },
      };
      const result = ruleBodyOf(form);
      if (!result.ok) expect(result.issues[0]?.path).toBe("minutes");
      else
        expect(result.command.seconds).toBe(
          minutes.trim() === "" ? undefined : Number(minutes) * 60,
        );
    }),
  );
});

test("a form of an order has the fields of its action, and no others", () => {
  const release = { action: "release", reason: "x" };
  expect(orderForm.safeParse(release).success).toBe(true);
  for (const extra of [{ key: "k" }, { quantity: "1" }, { units: "sell" }, { admin: "1" }]) {
    expect(orderForm.safeParse({ ...release, ...extra }).success).toBe(false);
  }
});

test.each(["1e3", "0x10", "1_000", "１２", "NaN", "Infinity", "1,5", "--1"])(
  "%s is not a number in any form",
  (typed) => {
    expect(numberIn(typed)).toBeNaN();
  },
);

test("numbers that a form cannot take are refused in words of the form", () => {
  fc.assert(
    fc.property(text, text, (typed, other) => {
      const rule: RuleForm = {
        ...{ action: "save", effect: "deny", kind: "user", value: "ann", reason: "x" },
        minutes: typed,
      };
      const line = { ...formOf({ ratePerSecond: 1, paused: false, notice: null }), rate: other };
      const asked = [
        ruleBodyOf(rule),
        unitsOf({ skuId: "a", key: "k", quantity: typed, reason: "x" }),
        lineChangeOf({ ...line, reason: "x" }),
      ];
      const messages = asked
        .flatMap((each) => (each.ok ? [] : each.issues))
        .map(({ message }) => message);
      for (const words of messages) expect(words).not.toMatch(/expected|received|Too |Invalid/);
    }),
  );
});

test("a notice of several lines stays when only the rate of its line is edited", () => {
  const shown = formOf({ ratePerSecond: 1, paused: false, notice: "Back at nine.\nThanks" });
  const sent = { ...shown, rate: "2", notice: "Back at nine.Thanks", reason: "x" };
  const asBrowsersSend = { ...sent, shownNotice: "Back at nine.\r\nThanks" };
  expect(lineChangeOf(asBrowsersSend)).toEqual({ ok: true, command: { ratePerSecond: 2 } });
});
