// The console's forms as pure decisions: what a filled-in form asks for.
import fc from "fast-check";
import { expect, test } from "vitest";
import { formOf, lineChangeOf } from "../../src/admin/console/line-form.ts";
import { orderForm, type RefundForm, refundOf } from "../../src/admin/console/order-form.ts";
import { type RuleForm, ruleBodyOf } from "../../src/admin/console/rule-form.ts";
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
      expect({ ...now, ...result.change }).toEqual(expected);
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
      if (result.ok) expect(lineChangeSchema.safeParse(result.change).success).toBe(true);
      else expect(result.issues.length).toBeGreaterThan(0);
    }),
  );
});

test("a refund is of whole units, or of all that are left", () => {
  fc.assert(
    fc.property(text, (quantity) => {
      const form: RefundForm = {
        ...{ action: "refund", key: "k", quantity, units: "sell", reason: "x" },
      };
      const result = refundOf(form);
      const units = result.ok ? result.request.quantity : undefined;
      if (!result.ok) expect(result.issues[0]?.path).toBe("quantity");
      else if (quantity === "") expect(units).toBeUndefined();
      else expect(Number.isInteger(units) && Number(units) >= 1).toBe(true);
    }),
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
      else expect(result.body.seconds).toBe(minutes === "" ? undefined : Number(minutes) * 60);
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
