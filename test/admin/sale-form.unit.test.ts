// The draft of a copy of an earlier sale, as the console's form shows it.
import fc from "fast-check";
import { expect, test } from "vitest";
import { saleFromTexts, textsOf } from "../../src/admin/console/sale-document.ts";
import { copyOf } from "../../src/admin/console/sale-form.ts";
import { type Sale, saleSchema } from "../../src/catalog/schema.ts";

const WEEK_MS = 7 * 24 * 3_600_000;
const at = fc.integer({ min: 1_000_000_000_000, max: 3_000_000_000_000 });

const saleOf = (opens: number, ids: string[], line: object = { mode: "open" }): Sale =>
  saleSchema.parse({
    ...{ id: "spring-drop", title: "Drop", admission: line, theme: { accent: "#1d3fbf" } },
    opensAt: new Date(opens).toISOString(),
    closesAt: new Date(opens + 3_600_000).toISOString(),
    skus: ids.map((id) => ({ id, name: id, unitPrice: { amount: 0, currency: "USD" }, stock: 1 })),
  });

function copied(sale: Sale, now: number): Sale {
  const parsed = saleFromTexts(copyOf(sale, textsOf(sale), now), sale);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  return parsed.sale;
}

test("opens after now, as late in the week as before, and lasts as long", () => {
  fc.assert(
    fc.property(at, at, (opens, now) => {
      const sale = saleOf(opens, ["lamp"]);
      const copy = copied(sale, now);
      const shift = Date.parse(copy.opensAt) - opens;
      expect([shift > 0, shift % WEEK_MS]).toEqual([true, 0]);
      expect(Date.parse(copy.opensAt)).toBeGreaterThan(now);
      expect(Date.parse(copy.closesAt) - opens).toBe(shift + 3_600_000);
      expect(copy.theme).toEqual(sale.theme);
    }),
  );
});

test("moves the registration of a line with the sale", () => {
  const opens = Date.parse("2026-01-05T09:00:00Z");
  const registrationOpensAt = "2026-01-05T08:00:00.000Z";
  const sale = saleOf(opens, ["lamp"], { mode: "draw", registrationOpensAt });
  expect(copied(sale, opens + WEEK_MS + 1)).toMatchObject({
    opensAt: "2026-01-19T09:00:00.000Z",
    admission: { mode: "draw", registrationOpensAt: "2026-01-19T08:00:00.000Z" },
  });
});

test("has ids by its date, which no item of the earlier sale has", () => {
  const opens = Date.parse("2026-01-05T09:00:00Z");
  const long = "x".repeat(64);
  const copy = copied(saleOf(opens, ["lamp-1", "lamp-2", "mug-20260105", long]), opens);
  expect([copy.id, ...copy.skus.map(({ id }) => id)]).toEqual([
    ...["spring-drop-20260112", "lamp-1-20260112", "lamp-2-20260112", "mug-20260112"],
    `${"x".repeat(55)}-20260112`,
  ]);
});
