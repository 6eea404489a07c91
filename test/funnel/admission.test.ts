// Orders in a sale with a line: only people whose turn it is get a unit, whatever they send and whichever way they come.
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { signTicket } from "../../src/admission/ticket.ts";
import {
  aPublishedLine,
  controllerAnswers,
  cookieOf,
  givenLineSale,
  type LineScene,
  lateTicket,
  publishLine,
} from "../admission/line.ts";
import { visit } from "../pages/form-client.ts";
import { givenClock } from "../support/clock.ts";
import { admin, call, contractFaults } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, redisCost, redisIsDown } from "../support/redis.ts";
import {
  aBuyer,
  aSale,
  type Buyer,
  givenLiveStock,
  ledger,
  onSale,
  putSale,
  suppressLiveStock,
  unique,
} from "../support/shop.ts";
import { aMoment } from "./scene.ts";
import { challengeOf } from "./turnstile.ts";

beforeAll(emptyRedis);
beforeAll(pauseQueue);
beforeEach(suppressLiveStock);

interface Sent {
  ticket?: string;
  cookie?: string;
  key?: string;
  headers?: Record<string, string>;
}

const buy = ({ token }: Buyer, skuId: string, { ticket, cookie, key, headers }: Sent = {}) =>
  call("POST", `/api/skus/${skuId}/orders`, {
    token,
    headers: {
      "idempotency-key": key ?? unique("key"),
      ...(cookie ? { cookie } : {}),
      ...headers,
    },
    body: { quantity: 1, ...(ticket ? { ticket } : {}) },
  });

/** Given a line that has admitted everyone who came within the first 100 seconds. */
async function givenLine(sku: Parameters<typeof givenLineSale>[0] = {}): Promise<LineScene> {
  const scene = await givenLineSale(sku);
  await publishLine(scene, { frontier: 101 });
  return scene;
}

describe("an order", () => {
  test("with an admitted ticket is accepted, from the body or from the cookie", async () => {
    const scene = await givenLine();
    const [ann, bob] = [await aBuyer(), await aBuyer()];
    const inBody = await buy(ann, scene.skuId, { ticket: lateTicket(scene, ann.id, 10) });
    const cookie = cookieOf(scene, bob, lateTicket(scene, bob.id, 10));
    const inCookie = await buy(bob, scene.skuId, { cookie });
    expect([inBody.status, inCookie.status]).toEqual([202, 202]);
  });

  test("without a ticket is refused", async () => {
    const scene = await givenLine();
    const answer = await buy(await aBuyer(), scene.skuId);
    expect(answer).toMatchObject({ status: 403, code: "ticket_required" });
    expect(contractFaults(answer)).toEqual([]);
  });

  test("before the person's turn is refused, and says when to come back", async () => {
    const scene = await givenLineSale();
    await publishLine(scene, {
      frontier: 101,
      arrivals: [
        [0, 0],
        [1, 0],
        [201, 2_000],
      ],
    });
    const ann = await aBuyer();
    const answer = await buy(ann, scene.skuId, { ticket: lateTicket(scene, ann.id, 110) });
    expect(answer).toMatchObject({ status: 403, code: "not_admitted_yet" });
    expect(answer.headers.get("retry-after")).toBe("10");
    expect(contractFaults(answer)).toEqual([]);
    const last = await buy(ann, scene.skuId, { ticket: lateTicket(scene, ann.id, 3_000) });
    expect(last.headers.get("retry-after")).toBe("60");
  });

  test("in a paused line is refused for longer than a moment", async () => {
    const scene = await givenLineSale();
    await publishLine(scene, { frontier: 101, paused: true });
    const ann = await aBuyer();
    const answer = await buy(ann, scene.skuId, { ticket: lateTicket(scene, ann.id, 110) });
    expect(answer.code).toBe("not_admitted_yet");
    expect(answer.headers.get("retry-after")).toBe("10");
  });

  test("with somebody else's ticket, a forged one, or one for another sale is refused", async () => {
    const scene = await givenLine();
    const ann = await aBuyer();
    const person = { saleId: scene.saleId, userId: ann.id };
    const forged = signTicket("x".repeat(32), person, { at: scene.closesAt, challenged: false });
    const other = { ...scene, saleId: "another-sale" };
    const tickets = [lateTicket(scene, "bob", 1), forged, lateTicket(other, ann.id, 1), "x"];
    for (const ticket of tickets) {
      const answer = await buy(ann, scene.skuId, { ticket });
      expect(answer.code).toBe("ticket_required");
    }
    expect((await ledger(scene.skuId)).held).toBe(0);
  });

  test("counts the earliest of several tickets, and ignores those that are not valid", async () => {
    const scene = await givenLine();
    const [ann, bob] = [await aBuyer(), await aBuyer()];
    const inCookie = await buy(ann, scene.skuId, {
      ticket: lateTicket(scene, ann.id, 500),
      cookie: cookieOf(scene, ann, lateTicket(scene, ann.id, 5)),
    });
    const inBody = await buy(bob, scene.skuId, {
      ticket: lateTicket(scene, bob.id, 5),
      cookie: cookieOf(scene, bob, lateTicket(scene, ann.id, 1)),
    });
    expect([inCookie.status, inBody.status]).toEqual([202, 202]);
  });

  test("from a form without JavaScript needs an admitted ticket as well", async () => {
    const scene = await givenLine();
    const [ann, bob] = [await aBuyer(), await aBuyer()];
    const path = `/sales/${scene.saleId}/skus/${scene.skuId}/buy`;
    const fields = (ticket?: string) => ({
      quantity: "1",
      key: unique("key"),
      ...(ticket ? { ticket } : {}),
    });
    const admitted = await visit(path, {
      buyer: ann,
      fields: fields(lateTicket(scene, ann.id, 5)),
    });
    expect(admitted.status).toBe(303);
    const refused = await visit(path, { buyer: bob, fields: fields() });
    expect(refused.status).toBe(403);
    expect(refused.html).toContain("Join it first");
    const early = await visit(path, {
      buyer: bob,
      fields: fields(lateTicket(scene, bob.id, 500)),
    });
    expect(early.status).toBe(403);
    expect(early.headers.get("retry-after")).not.toBeNull();
  });

  test("of a challenged ticket needs no other challenge", async () => {
    const scene = await givenLineSale({}, { protection: PROTECTED });
    await publishLine(scene, { frontier: 101 });
    const [ann, bob] = [await aBuyer(), await aBuyer()];
    const challenged = lateTicket(scene, ann.id, 5, true);
    expect((await buy(ann, scene.skuId, { ticket: challenged })).status).toBe(202);
    challengeOf(await buy(bob, scene.skuId, { ticket: lateTicket(scene, bob.id, 5) }));
  });
});

const limit = { algorithm: "fixed-window", limit: 1_000, windowSeconds: 60 } as const;
const PROTECTED = {
  limits: { order: { ip: limit, user: limit }, change: { ip: limit, user: limit } },
  challenge: { mode: "always", threshold: 50, whenDown: "closed" },
  autoBlock: {
    ...{ limitRefusals: 100, failedChallenges: 5, ignoredChallenges: 20 },
    blockSeconds: 900,
  },
} as const;

describe("a repeat of an accepted order", () => {
  test("gets the stored answer without a ticket, and with one that is not admitted", async () => {
    const scene = await givenLine();
    const ann = await aBuyer();
    const first = await buy(ann, scene.skuId, { key: "k", ticket: lateTicket(scene, ann.id, 5) });
    const without = await buy(ann, scene.skuId, { key: "k" });
    const early = lateTicket(scene, ann.id, 500);
    const unadmitted = await buy(ann, scene.skuId, { key: "k", ticket: early });
    expect(first.status).toBe(202);
    for (const again of [without, unadmitted]) {
      expect(again.status).toBe(202);
      expect(again.body).toEqual(first.body);
      expect(again.headers.get("idempotent-replayed")).toBe("true");
    }
  });

  test("gets the stored answer after the sale has got a line", async () => {
    controllerAnswers(null);
    const skuId = await onSale({}, { id: unique("sale") });
    const ann = await aBuyer();
    const first = await buy(ann, skuId, { key: "k" });
    const { saleId } = first.body as { saleId: string };
    const { body } = await admin("GET", `/sales/${saleId}`);
    await putSale({ ...body, admission: { mode: "draw", ratePerSecond: 5 } } as never);
    const again = await buy(ann, skuId, { key: "k" });
    expect([first.status, again.status]).toEqual([202, 202]);
    expect((await buy(await aBuyer(), skuId)).code).toBe("ticket_required");
  });
});

describe("what an order costs", () => {
  /** Commands and calls of the SKU's object per order. */
  async function costs(buyer: Buyer, skuId: string, sent: Sent) {
    const { calls } = (await ledger(skuId)).activity;
    const { result, ...cost } = await redisCost(() => buy(buyer, skuId, sent));
    const after = (await ledger(skuId)).activity.calls;
    return { code: result.code, status: result.status, ...cost, calls: after - calls - 1 };
  }

  test("in a line: as much as without one, and nothing before one's turn", async () => {
    givenClock(aMoment());
    const plain = await onSale({ stock: 1_000 });
    await givenLiveStock(plain, { available: 1_000 });
    const scene = await givenLineSale();
    await givenLiveStock(scene.skuId, { available: 1_000 });
    await publishLine(scene, { frontier: 101 });
    const [warm, ann, bob] = [await aBuyer(), await aBuyer(), await aBuyer()];
    const ticketOf = ({ id }: Buyer, seconds: number) => lateTicket(scene, id, seconds);
    await buy(warm, plain);
    await buy(warm, scene.skuId, { ticket: ticketOf(warm, 1) });

    const without = await costs(ann, plain, {});
    const inLine = await costs(ann, scene.skuId, { ticket: ticketOf(ann, 5) });
    const early = await costs(bob, scene.skuId, { ticket: ticketOf(bob, 500) });

    expect(inLine).toEqual(without);
    expect(inLine).toMatchObject({ status: 202, roundTrips: 1, calls: 1 });
    expect(early).toMatchObject({ code: "not_admitted_yet", commands: 0, calls: 0 });
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

test("the line in the live answer is the one that /line shows", async () => {
  const scene = await givenLineSale();
  await publishLine(scene, { frontier: 3, registered: 12, notice: "Back at noon" });
  const live = await call("GET", `/api/sales/${scene.saleId}/live`);
  const line = await call("GET", `/api/sales/${scene.saleId}/line`);
  expect(line.status).toBe(200);
  expect(line.body).toMatchObject({ frontier: 3, registered: 12, notice: "Back at noon" });
  expect(line.body).not.toHaveProperty("pass");
  expect(line.headers.get("cache-control")).toBe("public, max-age=1, stale-if-error=0");
  expect(live.body).toMatchObject({ line: line.body, notice: "Back at noon" });
});

test("a sale without a line has no /line, and a line that nobody knows is unavailable", async () => {
  const { id } = await putSale(aSale());
  expect((await call("GET", `/api/sales/${id}/line`)).code).toBe("not_found");
  const scene = await givenLineSale();
  const unknown = await call("GET", `/api/sales/${scene.saleId}/line`);
  expect(unknown).toMatchObject({ status: 503, code: "unavailable" });
  expect((await call("GET", "/api/sales/no-such-sale/line")).code).toBe("not_found");
});
