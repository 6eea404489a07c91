// Joining a line: who gets a ticket and when, what the answer says, and that it costs nothing behind the edge.
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { readTicket } from "../../src/admission/ticket.ts";
import {
  controllerAnswers,
  cookieOf,
  givenLineSale,
  type LineScene,
  lateTicket,
  publishLine,
  reportsFor,
} from "../admission/line.ts";
import { givenClock } from "../support/clock.ts";
import {
  type Answer,
  admin,
  call,
  contractFaults,
  freshAddress,
  ORIGIN,
  SIGNING_SECRET,
} from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, redisCost } from "../support/redis.ts";
import {
  aBuyer,
  aSale,
  type Buyer,
  buyers,
  givenLiveStock,
  putSale,
  suppressLiveStock,
  until,
} from "../support/shop.ts";
import { deny, denyPath } from "./rule-requests.ts";
import { aMoment, behindShield } from "./scene.ts";
import { challengeOf, solve, verifications } from "./turnstile.ts";

beforeAll(emptyRedis);
beforeAll(pauseQueue);
beforeEach(suppressLiveStock);

interface Standing {
  ticket: string;
  userId: string;
  place: number | null;
  registered: number | null;
  state: string;
  ahead: number | null;
  etaSeconds: [number, number] | null;
}

interface Sent {
  body?: unknown;
  cookie?: string;
  headers?: Record<string, string>;
}

const join = (
  { token }: Buyer,
  saleId: string,
  { body, cookie, headers }: Sent = {},
): Promise<Answer<Standing>> =>
  call<Standing>("POST", `/api/sales/${saleId}/tickets`, {
    token,
    ...(body === undefined ? {} : { body }),
    headers: { ...(cookie ? { cookie } : {}), ...headers },
  });

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

  test("of somebody else, or a forged one, is replaced by a later one of one's own", async () => {
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
  const scene = await givenLineSale({}, { protection: PROTECTED });
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

const limit = { algorithm: "fixed-window", limit: 1_000, windowSeconds: 60 } as const;
const PROTECTED = {
  limits: { order: { ip: limit, user: limit }, change: { ip: limit, user: limit } },
  challenge: { mode: "always", threshold: 50, whenDown: "closed" },
  autoBlock: {
    ...{ limitRefusals: 100, failedChallenges: 5, ignoredChallenges: 20 },
    blockSeconds: 900,
  },
} as const;

describe("what a ticket costs", () => {
  test("no Redis command and no object call of its own, first or repeated", async () => {
    const scene = await givenLineSale();
    await publishLine(scene, { frontier: 5 });
    await givenLiveStock(scene.skuId, { available: 10 });
    const everyone = await buyers(20);
    givenClock(aMoment());
    await join(await aBuyer(), scene.saleId).catch(() => undefined);
    const lookups = [env.SKU_INVENTORY, env.SALE_REGISTRY].map((objects) =>
      vi.spyOn(objects as DurableObjectNamespace, "getByName"),
    );
    onTestFinished(() => {
      for (const spy of lookups) spy.mockRestore();
    });

    const { commands } = await redisCost(() =>
      Promise.all(everyone.map((buyer) => join(buyer, scene.saleId))),
    );

    expect(commands).toBe(0);
    for (const spy of lookups) expect(spy).not.toHaveBeenCalled();
  });

  test("people are counted in batches, each once, though they ask again", async () => {
    const scene = await givenLineSale();
    const reports = controllerAnswers(null);
    const everyone = await buyers(50);
    const first = await Promise.all(everyone.map((buyer) => join(buyer, scene.saleId)));
    await Promise.all(
      everyone.map((buyer, index) =>
        join(buyer, scene.saleId, { body: { ticket: first[index]?.body.ticket } }),
      ),
    );
    const batches = () => reportsFor(reports, scene.saleId);
    const hashes = () => batches().flat();
    await until("all are reported", () => hashes().length >= 50);
    expect(hashes()).toHaveLength(50);
    expect(new Set(hashes().map(([hash]) => hash)).size).toBe(50);
    expect(batches().length).toBeLessThanOrEqual(3);
  });

  test("a report that fails is sent again, and no answer waits for it", async () => {
    const scene = await givenLineSale();
    const reports = controllerAnswers(null);
    reports.mockRejectedValueOnce(new Error("the controller restarts"));
    expect((await join(await aBuyer(), scene.saleId)).status).toBe(200);
    const batches = () => reportsFor(reports, scene.saleId);
    await until("it is reported again", () => batches().length === 2);
    expect(batches()[1]).toEqual(batches()[0]);
  });

  test("the flood shield counts tickets by person", async () => {
    const { saleId } = await givenLineSale();
    const { token } = await aBuyer();
    const keys: string[] = [];
    const send = behindShield((key) => {
      keys.push(key);
      return false;
    });
    const answer = await send(
      new Request(`${ORIGIN}/api/sales/${saleId}/tickets`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "cf-connecting-ip": freshAddress() },
      }),
    );
    expect(answer.status).toBe(429);
    expect(keys).toEqual([expect.stringMatching(/^ticket\|user\|/)]);
  });
});
