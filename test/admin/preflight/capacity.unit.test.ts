// Whether a sale fits the limits of the platform.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  objectCapacity,
  paymentCapacity,
  peakAttempts,
  redisCapacity,
} from "../../../src/admin/preflight/capacity.ts";
import { type Sale, saleSchema } from "../../../src/catalog/schema.ts";

const sale = ({ price = 100, stock = 10, limit = 1, ...changes } = {} as Record<string, never>) =>
  saleSchema.parse({
    id: "sale",
    title: "A sale",
    opensAt: "2030-01-01T00:00:00Z",
    closesAt: "2030-01-02T00:00:00Z",
    skus: [
      {
        id: "sku",
        name: "A thing",
        unitPrice: { amount: price, currency: "USD" },
        stock,
        perUserLimit: limit,
      },
    ],
    ...changes,
  });

const aSale = (changes: object = {}): Sale => sale(changes as never);
const withLine = (ratePerSecond: number) =>
  aSale({ stock: 5_000, admission: { mode: "queue", ratePerSecond } });

describe("the peak", () => {
  test("is half of the people within ten seconds, or the rate of the line", () => {
    expect(peakAttempts(aSale(), 1_000)).toBe(50);
    expect(peakAttempts(withLine(20), 1_000)).toBe(20);
    expect(peakAttempts(withLine(80), 1_000)).toBe(50);
  });

  test.each([
    [4_000, 1_000, "ok"],
    [4_020, 1_000, "warn"],
    [4_020, 200, "ok"],
    [20_000, 200, "ok"],
    [20_020, 200, "warn"],
    [1_000_000, 1, "warn"],
  ])("of %d people for %d units is %s for an object", (expected, stock, state) => {
    expect(objectCapacity(aSale({ stock }), expected).state).toBe(state);
  });

  test("says that some are refused only beyond 1,000 a second", () => {
    const big = aSale({ stock: 5_000 });
    expect(objectCapacity(big, 20_000).detail).not.toContain("503");
    expect(objectCapacity(big, 20_020).detail).toContain("503");
  });

  test("spreads the crowd over the lanes of the SKU that has the fewest", () => {
    const withLanes = (...lanes: number[]) => {
      const big = aSale({ stock: 5_000 });
      return { ...big, skus: lanes.flatMap((n) => big.skus.map((sku) => ({ ...sku, lanes: n }))) };
    };
    expect(objectCapacity(withLanes(1), 16_000).todo).toContain("lanes");
    expect(objectCapacity(withLanes(4), 16_000)).toMatchObject({
      state: "ok",
      detail: "up to 200 attempts a second reach each lane of one SKU",
    });
    expect(objectCapacity(withLanes(4, 2), 16_000).state).toBe("warn");
  });

  test("names the rate of a line that is too high", () => {
    expect(objectCapacity(withLine(200), 1_000_000).state).toBe("ok");
    expect(objectCapacity(withLine(201), 1_000_000).todo).toContain("ratePerSecond");
  });
});

test("counts more Redis commands for other algorithms than fixed windows", () => {
  const limit = { algorithm: "token-bucket", limit: 1, windowSeconds: 1 };
  const protection = { limits: { order: { user: limit } } };
  expect(redisCapacity(aSale(), 24_000).detail).toContain("7200 Redis commands");
  expect(redisCapacity(aSale({ protection }), 24_000).detail).toContain("12000 Redis commands");
  expect(redisCapacity(aSale({ protection }), 24_000).state).toBe("warn");
});

describe("payments", () => {
  test.each([
    [6_000, "ok"],
    [6_001, "warn"],
    [36_000, "warn"],
    [36_001, "fail"],
  ])("for %d units at 20 a second are %s", (stock, state) => {
    expect(paymentCapacity(aSale({ stock }), 1_000_000, 20).state).toBe(state);
  });

  test("are no more than the people may buy", () => {
    expect(paymentCapacity(aSale({ stock: 1_000_000, limit: 2 }), 100, 20).detail).toMatch(/^200 /);
  });

  test("do not matter for free units, or if they are charged elsewhere", () => {
    expect(paymentCapacity(aSale({ price: 0, stock: 1_000_000 }), 1_000_000, 1).state).toBe("ok");
    expect(paymentCapacity(aSale({ stock: 1_000_000 }), 1_000_000).state).toBe("ok");
  });
});

test("more people never make a finding better", () => {
  const order = ["ok", "warn", "fail"];
  fc.assert(
    fc.property(fc.nat(10_000_000), fc.nat(10_000_000), (a, b) => {
      const [few, many] = [Math.min(a, b) + 1, Math.max(a, b) + 1];
      const big = aSale({ stock: 1_000_000 });
      for (const find of [objectCapacity, redisCapacity, paymentCapacity]) {
        const rank = (people: number) => order.indexOf(find(big, people, 20).state);
        expect(rank(many)).toBeGreaterThanOrEqual(rank(few));
      }
    }),
  );
});
