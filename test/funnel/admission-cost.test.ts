// What orders in a line cost, and what happens to them while Redis is down. People who press Buy too early cost nothing as long
// as they certainly have no order.
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { earlyPlace } from "../../src/admission/place.ts";
import { signTicket } from "../../src/admission/ticket.ts";
import { ATTEMPT } from "../../src/cost/usage.ts";
import {
  aPublishedLine,
  controllerAnswers,
  givenLineSale,
  type LineScene,
  lateTicket,
  publishLine,
} from "../admission/line.ts";
import { givenClock } from "../support/clock.ts";
import { call, SIGNING_SECRET } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, redisCost, redisIsDown } from "../support/redis.ts";
import {
  aBuyer,
  type Buyer,
  buyers,
  givenLiveStock,
  ledger,
  onSale,
  suppressLiveStock,
  tally,
} from "../support/shop.ts";
import { buy, givenLine } from "./line-requests.ts";
import { aMoment } from "./scene.ts";

beforeAll(emptyRedis);
beforeAll(pauseQueue);
beforeEach(suppressLiveStock);

/** Redis commands and calls of the SKU's object that `work` costs, and its answers. */
async function costOf<T>(skuId: string, work: () => Promise<T>) {
  const { calls } = (await ledger(skuId)).activity;
  const { result, ...redis } = await redisCost(work);
  const after = (await ledger(skuId)).activity.calls;
  return { result, ...redis, calls: after - calls - 1 };
}

const DRAW = { seed: "5e".repeat(32), randomness: "ab".repeat(32) };
const CROWD = 100_000;

/** An early ticket, and the place that it gets in the draw. */
function early({ saleId, closesAt }: LineScene, { id }: Buyer) {
  const person = { saleId, userId: id };
  const ticket = signTicket(SIGNING_SECRET, person, { at: closesAt - 1, challenged: false });
  return { ticket, place: earlyPlace(DRAW, person) };
}

function publishCrowd(scene: LineScene, frontier: number): Promise<void> {
  const arrivals: [number, number][] = [
    [0, 0],
    [1, CROWD],
  ];
  return publishLine(scene, { frontier: Math.max(1e-9, frontier), draw: DRAW, arrivals });
}

/** Given a line of 100,000 early people at this position, which the edge has read. The clock stands still. */
async function givenCrowd(frontier: number): Promise<LineScene> {
  givenClock(aMoment());
  const scene = await givenLineSale();
  await givenLiveStock(scene.skuId, { available: 1_000 });
  await publishCrowd(scene, frontier);
  const warm = await aBuyer();
  await buy(warm, scene.skuId, { ticket: early(scene, warm).ticket });
  return scene;
}

describe("an order costs", () => {
  test("as much in a line as without one", async () => {
    givenClock(aMoment());
    const plain = await onSale({ stock: 1_000 });
    await givenLiveStock(plain, { available: 1_000 });
    const scene = await givenLine();
    await givenLiveStock(scene.skuId, { available: 1_000 });
    const [warm, ann] = [await aBuyer(), await aBuyer()];
    await buy(warm, plain);
    await buy(warm, scene.skuId, { ticket: lateTicket(scene, warm.id, 1) });

    const without = await costOf(plain, () => buy(ann, plain));
    const ticket = lateTicket(scene, ann.id, 5);
    const inLine = await costOf(scene.skuId, () => buy(ann, scene.skuId, { ticket }));

    expect([without.result.status, inLine.result.status]).toEqual([202, 202]);
    const { result: _, ...cost } = without;
    expect(inLine).toMatchObject({ ...cost, roundTrips: 1, calls: ATTEMPT.objectCalls });
    expect(cost.commands).toBe(ATTEMPT.redisCommands + ATTEMPT.redisScripts);
  });

  test("nothing for everybody whom the line cannot have admitted yet", async () => {
    const scene = await givenCrowd(1e-9);
    const everyone = (await buyers(300)).map((buyer) => ({ buyer, ...early(scene, buyer) }));
    const far = everyone.filter(({ place }) => place > 0.01);
    expect(far.length).toBeGreaterThan(250);
    const { result, commands, calls } = await costOf(scene.skuId, () =>
      Promise.all(far.map(({ buyer, ticket }) => buy(buyer, scene.skuId, { ticket }))),
    );
    expect(tally(result)).toEqual({ not_admitted_yet: far.length });
    expect([commands, calls]).toEqual([0, 0]);
  });

  test("nothing before the draw, with and without a ticket", async () => {
    const clock = givenClock(aMoment());
    const opensAt = new Date(Date.now() + 5_000).toISOString();
    const scene = await givenLineSale({}, { opensAt });
    await givenLiveStock(scene.skuId, { available: 1_000 });
    await publishLine(scene, {});
    clock.moveTo(scene.closesAt + 9_000);
    const [warm, ...crowd] = await buyers(20);
    const press = (buyer: Buyer, index: number) =>
      buy(buyer, scene.skuId, index % 2 ? {} : { ticket: early(scene, buyer).ticket });
    await press(warm as Buyer, 0);
    const atOpening = await costOf(scene.skuId, () => Promise.all(crowd.map(press)));
    expect(tally(atOpening.result)).toEqual({ not_admitted_yet: 10, ticket_required: 9 });
    expect([atOpening.commands, atOpening.calls]).toEqual([0, 0]);
  });
});

describe("a look-up costs one round trip and one call of the object, within the buyer's limit,", () => {
  test.each<[string, (scene: LineScene, buyer: Buyer) => string | undefined]>([
    ["without a ticket", () => undefined],
    [
      "with a late ticket, because there may be an earlier one",
      (scene, { id }) => lateTicket(scene, id, 1e6),
    ],
  ])("%s", async (_, ticketOf) => {
    const scene = await givenCrowd(1e-9);
    const ann = await aBuyer();
    const ticket = ticketOf(scene, ann);
    const sent = ticket === undefined ? {} : { ticket };
    const one = await costOf(scene.skuId, () => buy(ann, scene.skuId, sent));
    expect(one.result.status).toBe(403);
    expect([one.roundTrips, one.calls]).toEqual([1, 1]);

    const bob = await aBuyer();
    const many = await costOf(scene.skuId, () =>
      Promise.all(Array.from({ length: 200 }, () => buy(bob, scene.skuId, sent))),
    );
    const { rate_limited: refused = 0 } = tally(many.result);
    expect(many.calls).toBe(200 - refused);
    expect(many.calls).toBeLessThanOrEqual(20);
  });

  test("of somebody who is next in line, because this edge may read the line late", async () => {
    const scene = await givenCrowd(1e-9);
    const ann = await aBuyer();
    const { ticket, place } = early(scene, ann);
    await publishCrowd(scene, place - 50 / CROWD);
    givenClock(Date.now() + 3_000); // the edge has to read it again
    const { result, calls } = await costOf(scene.skuId, () => buy(ann, scene.skuId, { ticket }));
    expect([result.code, calls]).toEqual(["not_admitted_yet", 1]);
  });
});

describe("while Redis is down", () => {
  test("the edge asks the controller for the line", async () => {
    const scene = await givenLineSale();
    controllerAnswers(aPublishedLine(scene, { frontier: 101 }));
    await call("GET", `/api/sales/${scene.saleId}`);
    await redisIsDown();
    const [ann, bob] = [await aBuyer(), await aBuyer()];
    const admitted = await buy(ann, scene.skuId, { ticket: lateTicket(scene, ann.id, 5) });
    const early = await buy(bob, scene.skuId, { ticket: lateTicket(scene, bob.id, 500) });
    expect([admitted.status, early.code]).toEqual([202, "not_admitted_yet"]);
  });

  test("with the controller down as well, the object decides by what it has seen", async () => {
    const scene = await givenLine();
    const [ann, bob, cem] = [await aBuyer(), await aBuyer(), await aBuyer()];
    await buy(ann, scene.skuId, { ticket: lateTicket(scene, ann.id, 5) });
    const start = Date.now();
    givenClock(start).moveTo(start + 120_000);
    await redisIsDown();
    const admitted = await buy(bob, scene.skuId, { ticket: lateTicket(scene, bob.id, 50) });
    const early = await buy(cem, scene.skuId, { ticket: lateTicket(scene, cem.id, 500) });
    expect([admitted.status, early.code]).toEqual([202, "not_admitted_yet"]);
  });
});
