// Repeats of accepted orders in a sale with a line: the buyer gets the stored answer at every edge, whatever ticket they
// show and whatever became of the line.
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { signTicket } from "../../src/admission/ticket.ts";
import type { Sale } from "../../src/catalog/schema.ts";
import { resetMemories } from "../../src/edge/memory.ts";
import {
  controllerAnswers,
  cookieOf,
  type LineScene,
  lateTicket,
  publishLine,
} from "../admission/line.ts";
import { givenClock } from "../support/clock.ts";
import { type Answer, admin, SIGNING_SECRET } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import {
  aBuyer,
  type Buyer,
  ledger,
  onSale,
  putSale,
  suppressLiveStock,
  unique,
} from "../support/shop.ts";
import { buy, CHALLENGED, givenLine } from "./line-requests.ts";
import { challengeOf, solve } from "./turnstile.ts";

beforeAll(emptyRedis);
beforeAll(pauseQueue);
beforeEach(suppressLiveStock);

/** From here on, requests reach an edge that has read nothing yet and knows of nobody's orders. */
function moveToAnotherEdge(): void {
  resetMemories();
  givenClock(Date.now() + 5_000); // what edges share is out of date
}

/** Given a buyer with an order, at an edge that does not know of it. */
async function givenOrder() {
  const scene = await givenLine();
  const ann = await aBuyer();
  const first = await buy(ann, scene.skuId, { key: "k", ticket: lateTicket(scene, ann.id, 5) });
  expect(first.status).toBe(202);
  moveToAnotherEdge();
  return { scene, ann, first };
}

function expectReplay(again: Answer, first: Answer): void {
  expect(again.status).toBe(202);
  expect(again.body).toEqual(first.body);
  expect(again.headers.get("idempotent-replayed")).toBe("true");
}

const earlyTicket = ({ saleId, closesAt }: LineScene, { id }: Buyer) => {
  const person = { saleId, userId: id };
  return signTicket(SIGNING_SECRET, person, { at: closesAt - 1, challenged: false });
};

describe("a repeat at another edge gets the stored answer", () => {
  type Shown = (scene: LineScene, buyer: Buyer) => { ticket?: string; cookie?: string };
  test.each<[string, Shown]>([
    ["no ticket", () => ({})],
    [
      "a later ticket, as on another device",
      (scene, { id }) => ({ ticket: lateTicket(scene, id, 500) }),
    ],
    [
      "a later ticket in the cookie",
      (scene, buyer) => ({ cookie: cookieOf(scene, buyer, lateTicket(scene, buyer.id, 500)) }),
    ],
    ["another person's ticket", (scene) => ({ ticket: lateTicket(scene, "bob", 5) })],
    [
      "a ticket for another sale",
      (_, { id }) => ({ ticket: lateTicket({ saleId: "other", closesAt: 0 }, id, 5) }),
    ],
    ["a forged ticket", () => ({ ticket: "a.b" })],
  ])("with %s", async (_, shown) => {
    const { scene, ann, first } = await givenOrder();
    expectReplay(await buy(ann, scene.skuId, { key: "k", ...shown(scene, ann) }), first);
  });

  test("that reads the line late, and does not know that the buyer was admitted", async () => {
    const { scene, ann, first } = await givenOrder();
    await publishLine(scene, { frontier: 2 });
    const ticket = lateTicket(scene, ann.id, 5);
    expectReplay(await buy(ann, scene.skuId, { key: "k", ticket }), first);
  });

  test("where the line has not even drawn the places yet", async () => {
    const { scene, ann, first } = await givenOrder();
    await publishLine(scene, { frontier: 0 });
    expectReplay(await buy(ann, scene.skuId, { key: "k", ticket: earlyTicket(scene, ann) }), first);
  });

  test("after the line was changed, and puts the buyer far back", async () => {
    const { scene, ann, first } = await givenOrder();
    const { sale } = scene;
    await putSale({ ...sale, admission: { ...sale.admission, ratePerSecond: 1 } } as Sale);
    const draw = { seed: "5e".repeat(32), randomness: "ab".repeat(32) };
    const crowd = {
      frontier: 1e-9,
      arrivals: [[0, 0] as [number, number], [1, 1_000_000] as [number, number]],
    };
    await publishLine(scene, { draw, ...crowd });
    const ticket = earlyTicket(scene, ann);
    expectReplay(await buy(ann, scene.skuId, { key: "k", ticket }), first);
    expect((await buy(await aBuyer(), scene.skuId)).code).toBe("ticket_required");
  });

  test("after the sale lost its line, or got one", async () => {
    const { scene, ann, first } = await givenOrder();
    await putSale({ ...scene.sale, admission: { mode: "open" } });
    expectReplay(await buy(ann, scene.skuId, { key: "k" }), first);

    controllerAnswers(null);
    const skuId = await onSale({}, { id: unique("sale") });
    const order = await buy(ann, skuId, { key: "k" });
    const { body } = await admin("GET", `/sales/${order.body.saleId}`);
    await putSale({ ...body, admission: { mode: "draw", ratePerSecond: 5 } } as never);
    moveToAnotherEdge();
    expectReplay(await buy(ann, skuId, { key: "k" }), order);
    expect((await buy(await aBuyer(), skuId)).code).toBe("ticket_required");
  });

  test("with the challenge token of the first try, which has expired", async () => {
    const scene = await givenLine({}, { protection: CHALLENGED });
    const ann = await aBuyer();
    const ticket = lateTicket(scene, ann.id, 5);
    const asked = challengeOf(await buy(ann, scene.skuId, { ticket }));
    const sent = (token: string) => ({ key: "k", ticket, headers: { "challenge-token": token } });
    const first = await buy(ann, scene.skuId, sent(solve(asked)));
    expect(first.status).toBe(202);
    moveToAnotherEdge();
    expectReplay(await buy(ann, scene.skuId, sent(solve(asked, "fail"))), first);
    const other = await buy(await aBuyer(), scene.skuId, { headers: { "challenge-token": "x" } });
    expect(other.code).toBe("ticket_required");
  });
});

test("a key with another content is refused, and another key gets no second order, without a turn", async () => {
  const { scene, ann } = await givenOrder();
  const other = await buy(ann, scene.skuId, { ticket: lateTicket(scene, ann.id, 500) });
  expect(other.code).toBe("user_limit_reached");
  expect((await ledger(scene.skuId)).held).toBe(1);
});

test("a look-up makes no order for people who wait, however often they try", async () => {
  const scene = await givenLine();
  const ann = await aBuyer();
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const answer = await buy(ann, scene.skuId, {
      key: "k",
      ticket: lateTicket(scene, ann.id, 500),
    });
    expect(answer.code).toBe("not_admitted_yet");
  }
  expect((await ledger(scene.skuId)).held).toBe(0);
  await publishLine(scene, { frontier: 1_000 });
  moveToAnotherEdge();
  const turn = await buy(ann, scene.skuId, { key: "k", ticket: lateTicket(scene, ann.id, 500) });
  expect(turn.status).toBe(202);
});
