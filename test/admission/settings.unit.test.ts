// The admission settings of a sale, and when its registration runs.
import { expect, test } from "vitest";
import { type Chain, roundAfter, roundTime } from "../../src/admission/draw.ts";
import { commitmentOf, nextLink } from "../../src/admission/history.ts";
import { registrationOf } from "../../src/admission/settings.ts";
import { saleSchema } from "../../src/catalog/schema.ts";

const sale = (admission: object) => ({
  id: "spring-drop",
  title: "Spring drop",
  opensAt: "2026-12-01T09:00:00Z",
  closesAt: "2026-12-01T12:00:00Z",
  admission,
  skus: [{ id: "shoe", name: "Shoe", unitPrice: { amount: 100, currency: "USD" }, stock: 1 }],
});

const issuesOf = (admission: object) =>
  saleSchema.safeParse(sale(admission)).error?.issues.map((it) => it.path.join("."));

test("registration runs for the 15 minutes before the opening by default", () => {
  const parsed = saleSchema.parse(sale({ mode: "draw" }));
  expect(parsed.admission).toEqual({ mode: "draw", ratePerSecond: 50 });
  expect(registrationOf(parsed)).toEqual({
    opensAt: Date.UTC(2026, 11, 1, 8, 45),
    closesAt: Date.UTC(2026, 11, 1, 9),
  });
});

test("registration can run at other times, also past the opening", () => {
  const times = {
    registrationOpensAt: "2026-11-30T00:00:00Z",
    registrationClosesAt: "2026-12-01T10:00:00+01:00",
  };
  expect(registrationOf(saleSchema.parse(sale({ mode: "queue", ...times })))).toEqual({
    opensAt: Date.UTC(2026, 10, 30),
    closesAt: Date.UTC(2026, 11, 1, 9),
  });
});

test("a sale without a line has no registration", () => {
  expect(registrationOf(saleSchema.parse(sale({ mode: "open" })))).toBeUndefined();
});

test("refuses settings that make no sense", () => {
  const closes = "admission.registrationClosesAt";
  expect(issuesOf({ mode: "raffle" })).toEqual(["admission.mode"]);
  expect(issuesOf({ mode: "open", ratePerSecond: 5 })).toEqual(["admission"]);
  expect(issuesOf({ mode: "queue", ratePerSecond: 0 })).toEqual(["admission.ratePerSecond"]);
  expect(issuesOf({ mode: "queue", registrationClosesAt: "2026-12-01T12:00:01Z" })).toEqual([
    closes,
  ]);
  expect(issuesOf({ mode: "queue", registrationClosesAt: "2026-12-01T08:45:00Z" })).toEqual([
    closes,
  ]);
  expect(issuesOf({ mode: "queue", registrationOpensAt: "2026-12-01T09:00:00Z" })).toEqual([
    closes,
  ]);
});

const QUICKNET: Chain = { hash: "", publicKey: "", genesisTime: 1_692_803_367, period: 3 };

test("the round of a draw is the first that is published ten seconds after the close or later", () => {
  for (let ms = 0; ms < 7_000; ms += 1) {
    const closesAt = Date.UTC(2026, 11, 1, 9) + ms;
    const time = roundTime(QUICKNET, roundAfter(QUICKNET, closesAt));
    expect(time).toBeGreaterThanOrEqual(closesAt + 10_000);
    expect(time).toBeLessThan(closesAt + 13_000);
  }
});

test("the chain over the history is the documented one", () => {
  const commitment = commitmentOf(new Uint8Array(32));
  expect(commitment).toBe("66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925");
  expect(nextLink(commitment, [1_764_579_600_000, 0.5])).toBe(
    "501dd456b373e1ec2c2514650b6c05b3a0b08db7f2b53ef73de745c57dc9f71a",
  );
});
