// Floods from one address while real people buy: the flood costs little, and the people are not affected.

import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { givenClock } from "../support/clock.ts";
import { type Answer, admin, contractFaults } from "../support/http.ts";
import { counted } from "../support/metrics.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, redisCost, redisIsDown, redisIsSlow } from "../support/redis.ts";
import {
  aBuyer,
  type Buyer,
  buyers,
  ledger,
  suppressLiveStock,
  tally,
  until,
} from "../support/shop.ts";
import {
  aMoment,
  anAddress,
  attempt,
  behindShield,
  givenSale,
  orderRequest,
  rules,
  type Scene,
} from "./scene.ts";
import { challengeOf, solve } from "./turnstile.ts";

beforeAll(pauseQueue);
beforeEach(async () => {
  await emptyRedis();
  suppressLiveStock();
});

/** Sends `attempts` of one account at one address, mixed with one attempt each of `people` at other addresses. */
async function flood(sale: Scene, attempts: number, people: number) {
  const [bot, from] = [await aBuyer(), anAddress()];
  const crowd = await buyers(people);
  const chunks = 100;
  const share = <T>(all: T[], i: number) =>
    all.slice((i * all.length) / chunks, ((i + 1) * all.length) / chunks);
  const refused: Answer[] = [];
  const served: Answer[] = [];
  const bots = Array.from({ length: attempts }, () => bot);
  for (let i = 0; i < chunks; i += 1) {
    const [machine, human] = await Promise.all([
      Promise.all(share(bots, i).map((one) => attempt(one, sale, { from }))),
      Promise.all(share(crowd, i).map((one) => attempt(one, sale))),
    ]);
    refused.push(...machine);
    served.push(...human);
  }
  return { machine: refused, human: served };
}

test("spends 120 Redis commands on 10,000 requests from one address, while 200 people get correct answers", async () => {
  givenClock(aMoment());
  const sale = await givenSale({}, { stock: 150, perUserLimit: 1 });
  expect((await attempt(await aBuyer(), sale)).status).toBe(202);
  const people = 200;
  const attempts = 10_000;

  const { result, commands } = await redisCost(() => flood(sale, attempts, people));

  const { machine, human } = result;
  const sold = tally([...machine, ...human])["202"];
  expect(sold).toBe(149);
  const theirs = tally(human);
  expect((theirs["202"] ?? 0) + (theirs.sold_out ?? 0)).toBe(people);
  expect(theirs["202"]).toBeGreaterThanOrEqual(148);
  expect(machine.length).toBe(attempts);
  // An attempt costs six billed commands: two for each of its two limits, and two for the mark of its order.
  const attemptsAtRedis = commands / 4;
  expect(6 * (attemptsAtRedis - people)).toBeLessThanOrEqual((1.2 * attempts) / 100);
  expect([...machine.slice(-100), ...human].flatMap(contractFaults)).toEqual([]);
  expect(await ledger(sale.skuId)).toMatchObject({ stocked: 150, available: 0 });
});

test("spends 102 Redis commands on 10,200 requests of 300 accounts at one address with challenges by score", async () => {
  givenClock(aMoment());
  const protection = { challenge: { mode: "by-score" } } as const;
  const sale = await givenSale(protection, { stock: 1_000, perUserLimit: 1 });
  const [accounts, from] = [await buyers(300), anAddress()];
  await attempt(await aBuyer(), sale);

  let answers: Answer[] = [];
  const { commands } = await redisCost(async () => {
    for (let i = 0; i < 34; i += 1) {
      answers = await Promise.all(accounts.map((one) => attempt(one, sale, { from })));
    }
  });

  expect(tally(answers)["202"] ?? 0).toBe(0);
  // Blocking an account costs one more command, once.
  expect(commands - accounts.length).toBeLessThanOrEqual((34 * accounts.length) / 100);
});

describe.each([
  ["stopped", () => redisIsDown()],
  ["slow", () => redisIsSlow(1_000)],
] as const)("when Redis is %s during a flood", (_, breakRedis) => {
  test("people can still buy, the shield refuses the flood, and the overview reports it", async () => {
    givenClock(aMoment());
    const sale = await givenSale({}, { stock: 1_000, perUserLimit: 100 });
    const degraded = await counted("limits_degraded");
    const before = await flood(sale, 500, 20);

    await breakRedis();
    const after = await flood(sale, 3_000, 50);

    expect(tally([...before.human, ...after.human])).toEqual({ 202: 70 });
    // Exactly what one user may send. The outage of Redis adds nothing.
    for (const { machine } of [before, after]) expect(tally(machine)["202"]).toBe(20);
    const { body } = await admin<{ breakers: { redis: string } }>("GET", "/overview");
    expect(await counted("limits_degraded")).toBeGreaterThan(degraded);
    expect(body.breakers.redis).toBe("open");
  });
});

test("applies the shield to the address and to the user while Redis is down", async () => {
  const sale = await givenSale();
  await redisIsDown();
  const full = new Set<string>();
  const send = behindShield((key) => !full.has(key));
  const from = "192.0.2.1";
  const buyer = await aBuyer();
  const buy = async () => {
    const answer = await send(orderRequest(buyer, sale, { from }));
    return [answer.status, answer.headers.get("retry-after")];
  };

  expect(await buy()).toEqual([202, null]);
  full.add(`order|user|${buyer.id}`);
  expect(await buy()).toEqual([429, "10"]);
  full.clear();
  full.add(`order|known|${from}`);
  expect(await buy()).toEqual([429, "10"]);
  full.clear();
  expect(await buy()).toEqual([202, null]);
});

test("challenges and then blocks 300 accounts at one address, while a person there can buy", async () => {
  const clock = givenClock(aMoment());
  const protection = {
    challenge: { mode: "by-score" },
    autoBlock: { ignoredChallenges: 2 },
  } as const;
  const sale = await givenSale(protection, { stock: 1_000, perUserLimit: 1 });
  const [accounts, from] = [await buyers(300), anAddress()];
  const drive = () => Promise.all(accounts.map((account) => attempt(account, sale, { from })));

  for (const _ of ["first", "second"]) {
    expect(tally(await drive())).toEqual({ challenge_required: 300 });
  }
  await until(
    "all accounts that ignored it twice are blocked",
    async () => (await rules()).length === 300,
  );
  const [evidence] = (await rules()).map((rule) => rule.evidence as Record<string, number>);
  expect(evidence).toMatchObject({ saleId: sale.saleId, ignoredChallenges: 2 });
  expect(evidence?.accountsAtAddress).toBeGreaterThan(100);
  expect(JSON.stringify(await rules())).not.toContain(from);

  const driven = accounts[0] as Buyer;
  await until("the edge has read it", async () => {
    clock.moveTo(Date.now() + 5_000);
    return (await attempt(driven, sale, { from })).code === "blocked";
  });
  expect(tally(await drive())).toEqual({ blocked: 300 });

  const person = await aBuyer();
  const required = challengeOf(await attempt(person, sale, { from }));
  const answer = await attempt(person, sale, { from, challenge: solve(required) });
  expect(answer.status).toBe(202);
  expect(await ledger(sale.skuId)).toMatchObject({ held: 1 });
});
