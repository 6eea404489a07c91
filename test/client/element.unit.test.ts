// What `<doorbuster-buy>` shows in each state, and how large it is.
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { type Known, shown } from "../../src/client/element/show.ts";
import { durationText, priceText, wordsOf } from "../../src/client/element/words.ts";
import type { Live, LiveSku, Order } from "../../src/client/index.ts";

const EN = wordsOf("en");
const OPENS = "2026-12-01T09:00:00.000Z";
const CLOSES = "2026-12-01T12:00:00.000Z";
const NOW = Date.parse(OPENS) + 60_000;
const unitPrice = { amount: 1200, currency: "USD" };
const sku: LiveSku = { id: "shoe", available: 3, held: 0, state: "available", unitPrice };
const live: Live = {
  ...{ asOf: OPENS, state: "open", opensAt: OPENS, closesAt: CLOSES, revision: 1 },
  skus: [sku],
};
const order = {
  ...{ id: "order", status: "reserved", total: unitPrice },
  expiresAt: new Date(NOW + 90_000).toISOString(),
} as Order;

const at = (known: Partial<Known>) =>
  shown(
    { live, skuId: "shoe", order: undefined, isBusy: false, message: "", now: NOW, ...known },
    EN,
  );

test("fits into 15 KB compressed", async () => {
  const entry = join(import.meta.dirname, "../../src/client/element/doorbuster-buy.ts");
  const options = { bundle: true, minify: true, write: false, format: "esm" } as const;
  const { outputFiles } = await build({ entryPoints: [entry], ...options });
  expect(gzipSync(outputFiles[0]?.contents ?? "").length).toBeLessThan(15 * 1_024);
});

describe("a sale", () => {
  test("opens by the clock, without waiting for the next answer", () => {
    const early = { ...live, state: "upcoming" } as const;
    expect(at({ live: early, now: Date.parse(OPENS) - 65_000 })).toMatchObject({
      clock: "Opens in 1:05",
      canBuy: false,
    });
    expect(at({ live: early, now: Date.parse(OPENS) }).canBuy).toBe(true);
  });

  test.each([
    [{ state: "held", available: 0, held: 3 }, "All reserved. Some may come back."],
    [{ state: "sold_out", available: 0 }, "Sold out"],
  ] as const)("offers nothing while no unit is free", (change, stock) => {
    const skus = [{ ...sku, ...change }];
    expect(at({ live: { ...live, skus } })).toMatchObject({ stock, canBuy: false });
  });

  test("offers nothing while it is stopped, over, or not known", () => {
    const stopped = { shoe: { code: "sale_paused" } } as unknown as NonNullable<Live["stopped"]>;
    expect(at({ live: { ...live, stopped } }).canBuy).toBe(false);
    expect(at({ now: Date.parse(CLOSES) })).toMatchObject({
      message: "This sale is over",
      canBuy: false,
    });
    expect(at({ live: undefined })).toMatchObject({ message: "", canBuy: false });
    expect(at({ skuId: "a-typo" })).toMatchObject({ message: "Not in this sale", canBuy: false });
  });
});

describe("an order", () => {
  test("is counted down until it is paid", () => {
    expect(at({ order })).toMatchObject({
      clock: "Reserved for you for 1:30",
      canPay: true,
      canBuy: false,
    });
  });

  test("is never offered to be paid while money may be under way, or after its hold", () => {
    for (const payment of ["due", "processing", "charged"] as const) {
      expect(at({ order: { ...order, payment } })).toMatchObject({ canPay: false });
    }
    expect(at({ order, now: NOW + 90_000 })).toMatchObject({ canPay: false, clock: "" });
    expect(at({ order: { ...order, payment: "declined" } }).canPay).toBe(true);
  });
});

test("writes prices and times for people", () => {
  expect(priceText({ amount: 12_000, currency: "JPY" }, "en", EN)).toBe("¥12,000");
  expect(priceText({ amount: 0, currency: "USD" }, "en", EN)).toBe("Free");
  expect(priceText(unitPrice, "en-US@posix", EN)).toContain("12");
  expect([durationText(65), durationText(90_061)]).toEqual(["1:05", "25:01:01"]);
});
