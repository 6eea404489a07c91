// Automatic blocks of users: threshold, evidence, and end of a block.

import { beforeEach, expect, test } from "vitest";
import { givenClock } from "../support/clock.ts";
import { admin } from "../support/http.ts";
import { counted } from "../support/metrics.ts";
import { captureQueue } from "../support/queue.ts";
import { emptyRedis, KEYS, redis } from "../support/redis.ts";
import { aBuyer, until } from "../support/shop.ts";
import { aMoment, anAddress, attempt, givenSale, noRules, rules } from "./scene.ts";

beforeEach(async () => {
  await emptyRedis();
  await noRules();
  captureQueue();
});

const path = (value: string) => `/denylist/user/${encodeURIComponent(value)}`;
const autoBlock = { limitRefusals: 3, blockSeconds: 120 };
const WINDOW_MS = 3_600_000;
const limits = { order: { user: { limit: 1, windowSeconds: WINDOW_MS / 1_000 } } };

/** Given a user who was refused as often as the threshold, and whose block is listed. */
async function givenBlockedUser() {
  const start = Math.ceil(aMoment() / WINDOW_MS) * WINDOW_MS; // so no new window begins during the test
  const clock = givenClock(start);
  const sale = await givenSale({ limits, autoBlock });
  const [mallory, from] = [await aBuyer(), anAddress()];
  const attempts = 1 + autoBlock.limitRefusals;
  for (let i = 0; i < attempts; i += 1) await attempt(mallory, sale, { from });
  await until("the block is listed", async () => (await rules()).length === 1);
  return { start, clock, sale, mallory, from };
}

test("blocks a user at the sale's threshold and not before", async () => {
  givenClock(Math.ceil(aMoment() / WINDOW_MS) * WINDOW_MS);
  const sale = await givenSale({ limits, autoBlock });
  const mallory = await aBuyer();
  for (let i = 0; i < autoBlock.limitRefusals; i += 1) await attempt(mallory, sale);
  expect(await rules()).toEqual([]);
  expect((await attempt(mallory, sale)).code).toBe("rate_limited");
  await until("the block is listed", async () => (await rules()).length === 1);
});

test("lists the block with its evidence, ends it on time, and does not block the address", async () => {
  const { start, clock, sale, mallory, from } = await givenBlockedUser();
  expect(await rules()).toEqual([
    {
      effect: "deny",
      kind: "user",
      value: mallory.id,
      by: "automatic",
      addedAt: new Date(start).toISOString(),
      expiresAt: new Date(start + 120_000).toISOString(),
      evidence: {
        saleId: sale.saleId,
        limitRefusals: 3,
        failedChallenges: 0,
        ignoredChallenges: 0,
        accountsAtAddress: 1,
      },
    },
  ]);
  expect(JSON.stringify(await rules())).not.toContain(from);

  clock.moveTo(start + 5_000);
  expect((await attempt(mallory, sale, { from })).code).toBe("blocked");
  expect((await attempt(await aBuyer(), sale, { from })).status).toBe(202);
  clock.moveTo(start + 120_000);
  expect((await attempt(mallory, sale, { from })).code).toBe("rate_limited");
});

test("blocks a user again after a removed block only at the threshold", async () => {
  const { start, clock, sale, mallory } = await givenBlockedUser();
  clock.moveTo(start + 15_000);
  expect((await attempt(mallory, sale)).code).toBe("blocked");

  expect((await admin("DELETE", path(mallory.id))).status).toBe(204);

  for (let i = 1; i < autoBlock.limitRefusals; i += 1) {
    expect((await attempt(mallory, sale)).code).toBe("rate_limited");
  }
  expect(await rules()).toEqual([]);
  await attempt(mallory, sale);
  await until("the block is listed again", async () => (await rules()).length === 1);
});

test("does not shorten an operator's deny rule, and yields to the allow list", async () => {
  const { start, clock, sale, mallory } = await givenBlockedUser();
  await admin("PUT", path(mallory.id));
  clock.moveTo(start + 120_000);
  expect((await attempt(mallory, sale)).code).toBe("blocked");
  await admin("PUT", `/allowlist/user/${mallory.id}`);
  expect((await attempt(mallory, sale)).code).toBe("rate_limited");
});

test("adds no automatic block to a full list of rules", async () => {
  const { sale } = await givenBlockedUser();
  const filler = Array.from({ length: 2_000 }, (_, i) => [
    `deny:user:filler-${i}`,
    JSON.stringify({
      effect: "deny",
      kind: "user",
      value: `filler-${i}`,
      by: "operator",
      addedAt: "x",
    }),
  ]);
  await redis("HSET", KEYS.rules, ...filler.flat());
  await admin("DELETE", path("nobody")); // makes the edge read the list again
  const other = await aBuyer();
  for (let i = 0; i < 2 * autoBlock.limitRefusals; i += 1) await attempt(other, sale);
  await until("it is counted", async () => (await counted("deny_list_full")) > 0);
  expect(await rules()).not.toContainEqual(expect.objectContaining({ value: other.id }));
});
