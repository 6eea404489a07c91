// Orders in a sale with a line: only people whose turn it is get a unit, whatever they send and whichever way they come.
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { signTicket } from "../../src/admission/ticket.ts";
import { cookieOf, givenLineSale, lateTicket, publishLine } from "../admission/line.ts";
import { visit } from "../pages/form-client.ts";
import { givenClock } from "../support/clock.ts";
import { call, contractFaults } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import {
  aBuyer,
  aSale,
  givenLiveStock,
  ledger,
  putSale,
  suppressLiveStock,
  unique,
} from "../support/shop.ts";
import { buy, CHALLENGED, givenLine } from "./line-requests.ts";
import { challengeOf } from "./turnstile.ts";

beforeAll(emptyRedis);
beforeAll(pauseQueue);
beforeEach(suppressLiveStock);

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

  test("needs no other challenge with a challenged ticket", async () => {
    const scene = await givenLine({}, { protection: CHALLENGED });
    const [ann, bob] = [await aBuyer(), await aBuyer()];
    const challenged = lateTicket(scene, ann.id, 5, true);
    expect((await buy(ann, scene.skuId, { ticket: challenged })).status).toBe(202);
    challengeOf(await buy(bob, scene.skuId, { ticket: lateTicket(scene, bob.id, 5) }));
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

test("no cache adds to the age of a line that is ending", async () => {
  const scene = await givenLineSale();
  await publishLine(scene, { pollSeconds: 1, soonestEndSeconds: 2 });
  for (const path of ["line", "live"]) {
    const { headers } = await call("GET", `/api/sales/${scene.saleId}/${path}`);
    expect(headers.get("cache-control")).toBe("public, no-cache, stale-if-error=0");
    expect(headers.get("access-control-allow-origin")).toBe("*");
  }
});

test("the line is over as soon as the stock says that everything is sold for good", async () => {
  suppressLiveStock();
  const scene = await givenLineSale({ price: 1_200 });
  await publishLine(scene, { pollSeconds: 1, soonestEndSeconds: 0 });
  const clock = givenClock(Date.now());
  const lineNow = async () => {
    clock.moveTo(Date.now() + 10_000);
    return (await call("GET", `/api/sales/${scene.saleId}/line`)).body;
  };
  await givenLiveStock(scene.skuId, { available: 0, held: 1 });
  expect(await lineNow()).toMatchObject({ over: false, pollSeconds: 1 });
  await givenLiveStock(scene.skuId, { available: 0, held: 0 });
  expect(await lineNow()).toMatchObject({ over: true, pollSeconds: 30 });
});

test("a sale without a line has no /line, and a line that nobody knows is unavailable", async () => {
  const { id } = await putSale(aSale());
  expect((await call("GET", `/api/sales/${id}/line`)).code).toBe("not_found");
  const scene = await givenLineSale();
  const unknown = await call("GET", `/api/sales/${scene.saleId}/line`);
  expect(unknown).toMatchObject({ status: 503, code: "unavailable" });
  expect((await call("GET", "/api/sales/no-such-sale/line")).code).toBe("not_found");
});
