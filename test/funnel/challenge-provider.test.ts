// Challenge tokens that are not valid, and outages of the challenge provider.

import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ProtectionSettings } from "../../src/catalog/protection.ts";
import { resetTurnstile } from "../../src/funnel/turnstile.ts";
import { givenClock } from "../support/clock.ts";
import { contractFaults } from "../support/http.ts";
import { givenLimits } from "../support/limits.ts";
import { counted } from "../support/metrics.ts";
import { captureQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, ledger, until } from "../support/shop.ts";
import { aMoment, attempt, givenSale, rules } from "./scene.ts";
import { challengeOf, solve, verifications } from "./turnstile.ts";

const always: ProtectionSettings = { challenge: { mode: "always" } };

beforeAll(emptyRedis);
beforeEach(() => {
  captureQueue();
  resetTurnstile();
});

describe("an invalid solution", () => {
  test("refuses a token that is unknown, or for another user, action, or sale", async () => {
    const sale = await givenSale(always);
    const [mallory, ann] = [await aBuyer(), await aBuyer()];
    const hers = challengeOf(await attempt(ann, sale));
    const his = challengeOf(await attempt(mallory, sale));
    const wrong = [solve(his, "fail"), solve(hers), solve({ ...his, action: "login" }), "x"];
    for (const challenge of wrong) challengeOf(await attempt(mallory, sale, { challenge }));
    expect(await counted(`challenge|failed|${sale.saleId}`)).toBe(wrong.length);
    expect((await ledger(sale.skuId)).held + (await ledger(sale.skuId)).sold).toBe(0);
  });

  test.each([
    ["longer than Turnstile's limit", "x".repeat(2_049)],
    ["sent twice", "one, two"],
    ["with invalid characters", "<script>"],
  ])("refuses a token %s without a call to the provider", async (_, challenge) => {
    const sale = await givenSale(always);
    const [answer, checks] = await verifications(async () =>
      attempt(await aBuyer(), sale, { challenge }),
    );
    expect(answer).toMatchObject({
      status: 400,
      body: { code: "invalid_request", issues: [{ path: "Challenge-Token" }] },
    });
    expect(checks).toBe(0);
  });

  test("blocks a user who fails repeatedly, and lists the evidence", async () => {
    const start = aMoment();
    const clock = givenClock(start);
    const sale = await givenSale({ ...always, autoBlock: { failedChallenges: 3 } });
    const mallory = await aBuyer();
    const required = challengeOf(await attempt(mallory, sale));
    for (let i = 0; i < 3; i += 1) {
      challengeOf(await attempt(mallory, sale, { challenge: solve(required, "fail") }));
    }
    const block = await until("the block is listed", async () =>
      (await rules()).find(({ value }) => value === mallory.id),
    );
    expect(block).toMatchObject({
      by: "automatic",
      evidence: { failedChallenges: 3, ignoredChallenges: 1 },
    });
    clock.moveTo(start + 5_000);
    expect((await attempt(mallory, sale, { challenge: solve(required) })).code).toBe("blocked");
  });
});

describe("during an outage of the provider", () => {
  const modes = [
    ["open", 202],
    ["closed", 503],
  ] as const;
  describe.each(modes)("with a sale that fails %s", (whenDown, status) => {
    test.each(["slow", "down", "internal-error"] as const)(
      "follows the sale's setting (provider: %s)",
      async (how) => {
        if (how === "slow") givenLimits("turnstile", { limitMs: 500 });
        const sale = await givenSale({ challenge: { mode: "always", whenDown } });
        const buyer = await aBuyer();
        const required = challengeOf(await attempt(buyer, sale));

        const answer = await attempt(buyer, sale, { challenge: solve(required, how) });

        expect(answer.status).toBe(status);
        expect(contractFaults(answer)).toEqual([]);
        expect(await counted(`challenge|down-${whenDown}|${sale.saleId}`)).toBe(1);
        // The outage counts neither as a passed nor as a failed challenge.
        challengeOf(await attempt(buyer, sale));
        expect((await rules()).filter(({ value }) => value === buyer.id)).toEqual([]);
      },
    );
  });

  test("calls the provider again only after a pause, once five calls in a row have failed", async () => {
    const start = aMoment();
    const clock = givenClock(start);
    const sale = await givenSale(always);
    const buyer = await aBuyer();
    const required = challengeOf(await attempt(buyer, sale));
    const failing = () => attempt(buyer, sale, { challenge: solve(required, "down") });
    for (let i = 0; i < 5; i += 1) await failing();

    const [{ status }, resting] = await verifications(failing);
    clock.moveTo(start + 3_000);
    const [, probing] = await verifications(() =>
      attempt(buyer, sale, { challenge: solve(required) }),
    );

    expect([status, resting, probing]).toEqual([202, 0, 1]);
    expect((await attempt(buyer, sale)).status).toBe(202);
  });
});
