// The proofs about live stock and about orders that become final.
import { describe, expect, test } from "vitest";
import type { LedgerOrder, LiveAnswer } from "../../../../src/local/client.ts";
import { broken, correctSale, NOW, paidSale } from "../evidence.ts";

const LIVE = "live stock is right within its stated age";
const SECOND = 1_000;

describe("the proof about live stock", () => {
  const violatedBy = (
    available: number,
    moment: number,
    state: LiveAnswer["skus"][number]["state"] = available > 0 ? "low" : "sold_out",
    answeredAt = moment,
  ) => {
    const sale = correctSale();
    sale.live = [{ asOf: new Date(moment).toISOString(), answeredAt, available, state }];
    return broken(sale);
  };

  test("accepts stock as old as it states, but no older", () => {
    expect(violatedBy(2, NOW - SECOND)).toEqual([]);
    expect(violatedBy(2, NOW + SECOND)).toEqual([]);
    expect(violatedBy(0, NOW + 3 * SECOND)).toEqual([]);
    expect(violatedBy(2, NOW + 3 * SECOND)).toEqual([LIVE]);
  });

  test("detects stock that is ahead of the orders", () => {
    expect(violatedBy(1, NOW - SECOND)).toEqual([LIVE]);
  });

  test("accepts stock that is newer than it states, but not newer than its answer", () => {
    expect(violatedBy(0, NOW - SECOND, "sold_out", NOW)).toEqual([]);
    expect(violatedBy(0, NOW - SECOND, "sold_out", NOW - SECOND / 2)).toEqual([LIVE]);
  });

  test("detects a state that contradicts the count", () => {
    expect(violatedBy(0, NOW + SECOND, "low")).toEqual([LIVE]);
  });

  test("counts a unit as available after its hold expired", () => {
    const sale = paidSale();
    const bob = sale.ledgerOrders[1] as LedgerOrder;
    const shownAt = (moment: number) => {
      const asOf = new Date(moment).toISOString();
      sale.live = [{ asOf, answeredAt: moment, available: 1, state: "low" }];
      return broken(sale);
    };
    Object.assign(bob, { status: "expired" });
    const end = Date.parse(bob.expiresAt);
    expect(shownAt(end - SECOND)).toContain(LIVE);
    expect(shownAt(end + SECOND)).not.toContain(LIVE);
  });
});

test("detects an instance whose orders never become final", () => {
  expect(broken({ ...correctSale(), finalAfterMs: undefined })).toEqual([
    "all orders are final within 60 s, plus the hold, a minute and the line if paid",
  ]);
});
