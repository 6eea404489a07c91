// Joining a line: who gets a ticket and when, and what the answer says.
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readTicket } from "../../src/admission/ticket.ts";
import {
  cookieOf,
  givenLineSale,
  type LineScene,
  lateTicket,
  publishLine,
} from "../admission/line.ts";
import { givenClock } from "../support/clock.ts";
import { admin, call, contractFaults, ORIGIN, SIGNING_SECRET } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import {
  aBuyer,
  aSale,
  type Buyer,
  givenLiveStock,
  putSale,
  suppressLiveStock,
} from "../support/shop.ts";
import { CHALLENGED, join } from "./line-requests.ts";
import { deny, denyPath } from "./rule-requests.ts";
import { challengeOf, solve, verifications } from "./turnstile.ts";

beforeAll(emptyRedis);
beforeAll(pauseQueue);
beforeEach(suppressLiveStock);

const timeOf = ({ saleId }: LineScene, { id }: Buyer, ticket: string): number | undefined =>
  readTicket(SIGNING_SECRET, ticket, { saleId, userId: id })?.at;

describe("a ticket", () => {
  test("is bound to the person and the sale, and also set as a cookie", async () => {
    const scene = await givenLineSale();
    const ann = await aBuyer();
    const before = Date.now();
    const answer = await join(ann, scene.saleId);
    expect(answer.status).toBe(200);
    expect(timeOf(scene, ann, answer.body.ticket)).toBeGreaterThanOrEqual(before);
    expect(answer.body.userId).toBe(ann.id);
    const [cookie = "", ...attributes] = (answer.headers.get("set-cookie") ?? "").split("; ");
    expect(cookie).toBe(cookieOf(scene, ann, answer.body.ticket));
    expect(attributes).toEqual(
      expect.arrayContaining(["Path=/", "HttpOnly", "Secure", "SameSite=Lax"]),
    );
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  test("stays the same while its owner shows it, in the body or as a cookie", async () => {
    const scene = await givenLineSale();
    const ann = await aBuyer();
    const { ticket } = (await join(ann, scene.saleId, { body: {} })).body;
    const cookie = cookieOf(scene, ann, ticket);
    expect((await join(ann, scene.saleId, { body: { ticket } })).body.ticket).toBe(ticket);
    expect((await join(ann, scene.saleId, { cookie })).body.ticket).toBe(ticket);
  });

  test("is the earliest of those that its owner shows", async () => {
    const scene = await givenLineSale();
    const ann = await aBuyer();
    const [first, second] = [lateTicket(scene, ann.id, 1), lateTicket(scene, ann.id, 2)];
    const cookie = cookieOf(scene, ann, second);
    const answer = await join(ann, scene.saleId, { body: { ticket: first }, cookie });
    expect(answer.body.ticket).toBe(first);
  });

  test("is replaced by a later one of one's own if it is forged or somebody else's", async () => {
    const scene = await givenLineSale();
    const ann = await aBuyer();
    for (const ticket of [lateTicket(scene, "bob", 1), "x", "a.b"]) {
      const answer = await join(ann, scene.saleId, { body: { ticket } });
      expect(answer.status).toBe(200);
      expect(timeOf(scene, ann, answer.body.ticket)).toBeGreaterThan(scene.closesAt + 60_000);
    }
  });

  test("stays with its account when another account of the same browser joins", async () => {
    const scene = await givenLineSale();
    const [ann, bob] = [await aBuyer(), await aBuyer()];
    const first = await join(ann, scene.saleId);
    const second = await join(bob, scene.saleId);
    const cookie = [first, second]
      .map(({ headers }) => (headers.get("set-cookie") ?? "").split(";")[0])
      .join("; ");
    expect((await join(ann, scene.saleId, { cookie })).body.ticket).toBe(first.body.ticket);
    expect((await join(bob, scene.saleId, { cookie })).body.ticket).toBe(second.body.ticket);
  });

  test("is not given to an account that only asks where it stands", async () => {
    const scene = await givenLineSale();
    const ann = await aBuyer();
    const asked = await join(ann, scene.saleId, { body: { join: false } });
    expect(asked).toMatchObject({ status: 403, code: "ticket_required" });
    expect(asked.headers.get("set-cookie")).toBeNull();
    expect(contractFaults(asked)).toEqual([]);
    const foreign = { ticket: lateTicket(scene, "bob", 1), join: false };
    expect((await join(ann, scene.saleId, { body: foreign })).code).toBe("ticket_required");
    const own = { ticket: lateTicket(scene, ann.id, 1), join: false };
    expect((await join(ann, scene.saleId, { body: own })).body.ticket).toBe(own.ticket);
  });

  test("requires a sign-in, and by cookie a request from this site", async () => {
    const { saleId } = await givenLineSale();
    const { token } = await aBuyer();
    const stranger = await call("POST", `/api/sales/${saleId}/tickets`);
    expect(stranger.code).toBe("unauthenticated");
    const byCookie = (origin: string) =>
      call("POST", `/api/sales/${saleId}/tickets`, {
        headers: { cookie: `session=${token}`, origin },
      });
    expect((await byCookie("https://evil.test")).code).toBe("forbidden");
    expect((await byCookie(ORIGIN)).status).toBe(200);
  });

  test("is for sales with a line, from the opening of registration to the close", async () => {
    const HOUR = 3_600_000;
    const ann = await aBuyer();
    const plain = await putSale(aSale());
    const upcoming = (opensIn: number) =>
      givenLineSale({}, { opensAt: new Date(Date.now() + opensIn).toISOString() });
    const [soon, later] = [await upcoming(HOUR / 5), await upcoming(HOUR / 2)];
    const clock = givenClock(Date.now());

    expect((await join(ann, plain.id)).code).toBe("not_found");
    expect((await join(ann, "no-such-sale")).code).toBe("not_found");
    expect((await join(ann, soon.saleId)).status).toBe(200);
    const early = await join(ann, later.saleId);
    expect(early).toMatchObject({
      code: "sale_not_open",
      body: { opensAt: new Date(later.closesAt - HOUR / 4).toISOString() },
    });
    expect(contractFaults(early)).toEqual([]);
    clock.moveTo(Date.parse(later.sale.closesAt));
    expect((await join(ann, later.saleId)).code).toBe("sale_closed");
  });

  test.each([
    ["another field", { place: 1 }],
    ["a number", { ticket: 7 }],
    ["a text that is too long", { ticket: "x".repeat(3_000) }],
    ["a list", []],
    ["a text that says whether to join", { join: "no" }],
  ])("is refused for a body with %s", async (_, body) => {
    const { saleId } = await givenLineSale();
    const answer = await join(await aBuyer(), saleId, { body });
    expect(answer.code).toBe("invalid_request");
    expect(contractFaults(answer)).toEqual([]);
  });

  test("is refused to a denied user", async () => {
    const { saleId } = await givenLineSale();
    const ann = await aBuyer();
    expect((await deny("user", ann.id)).status).toBeLessThan(300);
    expect((await join(ann, saleId)).code).toBe("blocked");
    await admin("DELETE", denyPath("user", ann.id));
  });
});

describe("the answer", () => {
  test("says how many are ahead and how long it takes", async () => {
    const scene = await givenLineSale();
    await givenLiveStock(scene.skuId, { available: 1_000 });
    const ann = await aBuyer();
    await publishLine(scene, {
      frontier: 1,
      registered: 200,
      arrivals: [
        [0, 0],
        [1, 100],
        [101, 200],
      ],
    });
    const ticket = lateTicket(scene, ann.id, 50);
    const { body } = await join(ann, scene.saleId, { body: { ticket } });
    expect(body).toMatchObject({ state: "waiting", registered: 200, ahead: 50 });
    expect(body.etaSeconds).toEqual([5, 7]);
    expect(body.place).toBeCloseTo(51, 2);
  });

  test("says that it is one's turn, or that the sale is over", async () => {
    const [one, other] = [await givenLineSale(), await givenLineSale()];
    await publishLine(one, { frontier: 100 });
    await publishLine(other, { frontier: 100, over: true });
    const ann = await aBuyer();
    const admitted = await join(ann, one.saleId, { body: { ticket: lateTicket(one, ann.id, 5) } });
    const over = await join(ann, other.saleId, { body: { ticket: lateTicket(other, ann.id, 5) } });
    expect(admitted.body).toMatchObject({ state: "admitted", ahead: 0, etaSeconds: [0, 0] });
    expect(over.body.state).toBe("over");
  });

  test("names no place before the draw, and the same one on every device after it", async () => {
    const opensAt = new Date(Date.now() + 60_000).toISOString();
    const scene = await givenLineSale({}, { opensAt });
    const ann = await aBuyer();
    await publishLine(scene, {});
    const before = await join(ann, scene.saleId);
    expect(before.body).toMatchObject({ place: null, ahead: null, etaSeconds: null });

    givenClock(Date.now() + 5_000);
    const draw = { seed: "5e".repeat(32), randomness: "ab".repeat(32) };
    await publishLine(scene, { draw });
    const phone = await join(ann, scene.saleId, { body: { ticket: before.body.ticket } });
    const laptop = await join(ann, scene.saleId);
    expect(laptop.body.ticket).not.toBe(before.body.ticket);
    expect(phone.body.place).toBeLessThan(1);
    expect(laptop.body.place).toBe(phone.body.place);
  });
});

test("a sale that demands a challenge demands it for the ticket, once", async () => {
  const scene = await givenLineSale({}, { protection: CHALLENGED });
  const ann = await aBuyer();
  const asked = challengeOf((await join(ann, scene.saleId)) as never);
  const forced = await join(ann, scene.saleId, { headers: { "idempotency-retry": "true" } });
  expect(forced.code).toBe("challenge_required");
  const headers = { "challenge-token": solve(asked) };
  const [answer, checks] = await verifications(() => join(ann, scene.saleId, { headers }));
  expect([answer.status, checks]).toEqual([200, 1]);
  const person = { saleId: scene.saleId, userId: ann.id };
  expect(readTicket(SIGNING_SECRET, answer.body.ticket, person)?.challenged).toBe(true);
});
