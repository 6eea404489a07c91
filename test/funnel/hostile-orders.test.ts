// Hostile requests at the one route everybody rushes to: each gets the contract's error, and costs nothing:
// no command in Redis, no call of an object.
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { givenClock } from "../support/clock.ts";
import { type Answer, contractFaults, freshAddress, ORIGIN, send } from "../support/http.ts";
import { heldQueue } from "../support/queue.ts";
import { emptyRedis, redisCost, redisIsBack } from "../support/redis.ts";
import { aBuyer, type Buyer, ledger, onSale, order } from "../support/shop.ts";

beforeAll(emptyRedis);
beforeEach(redisIsBack);

interface Attempt {
  method?: string;
  sku?: string;
  headers?: Record<string, string>;
  body?: BodyInit;
}

let buyer: Buyer;
let skuId: string;
let freeze: () => void;

beforeAll(async () => {
  skuId = await onSale({ stock: 1_000, perUserLimit: 100 });
  buyer = await aBuyer();
  const now = Date.now();
  freeze = () => givenClock(now + 500);
});

/** Posts whatever is given instead of an order; what is not given is as it should be. */
function attempt({ method = "POST", sku = skuId, headers = {}, body = '{"quantity":1}' }: Attempt) {
  const request = new Request(`${ORIGIN}/api/skus/${sku}/orders`, {
    method,
    headers: {
      "cf-connecting-ip": freshAddress(),
      authorization: `Bearer ${buyer.token}`,
      "content-type": "application/json",
      "idempotency-key": "key",
      ...headers,
    },
    ...(method === "GET" ? {} : { body }),
  });
  return send(request);
}

/** Runs hostile attempts and sees to it that nobody behind the edge was bothered by any. */
async function atNoCost(work: () => Promise<Answer[]>): Promise<Answer[]> {
  heldQueue();
  freeze();
  await order(await aBuyer(), skuId); // the catalog is in memory, as in any isolate that has work
  const { calls } = (await ledger(skuId)).activity;
  const { result, commands } = await redisCost(work);
  expect(commands).toBe(0);
  expect((await ledger(skuId)).activity.calls).toBe(calls + 1);
  for (const answer of result) expect(contractFaults(answer)).toEqual([]);
  return result;
}

const codes = (answers: Answer[]) => [...new Set(answers.map(({ code }) => code))];
const post = (bodies: BodyInit[]) => () => Promise.all(bodies.map((body) => attempt({ body })));
const json = (...documents: unknown[]) => documents.map((document) => JSON.stringify(document));

describe("bodies", () => {
  test("that are not an order are invalid_request, with what is wrong", async () => {
    const bodies = json(
      null,
      [],
      "1",
      1,
      true,
      {},
      { quantity: 0 },
      { quantity: -1 },
      { quantity: 1.5 },
      { quantity: 101 },
      { quantity: 1e308 },
      { quantity: Number.MAX_SAFE_INTEGER + 2 },
      { quantity: "1" },
      { quantity: null },
      { quantity: [1] },
      { quantity: { valueOf: 1 } },
      { quantity: 1, price: 0 },
      { quantity: 1, unitPrice: { amount: 0 } },
      { quantity: 1, userId: "somebody-else" },
      { quantity: 1, paymentToken: "" },
      { quantity: 1, paymentToken: "x".repeat(256) },
      { quantity: 1, paymentToken: 1 },
      { quantity: 1, ticket: {} },
      { Quantity: 1 },
    );
    const answers = await atNoCost(post(bodies));
    expect(codes(answers)).toEqual(["invalid_request"]);
    for (const { body } of answers) expect(body.issues).not.toEqual([]);
  });

  test("that are not JSON in UTF-8 are invalid_request", async () => {
    const bodies = [
      "",
      " ",
      "{",
      '{"quantity":1',
      '{"quantity":1}}',
      "{'quantity':1}",
      '{"quantity":01}',
      '{"quantity":NaN}',
      '{"quantity":1e999}',
      '{"quantity":0x1}',
      "quantity=1",
      "\u0000",
      "\ufeff",
      new Uint8Array([0xff, 0xfe, 0x00]),
      new Uint8Array([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
      "[".repeat(4_000),
      `${'{"a":'.repeat(600)}1${"}".repeat(600)}`,
    ];
    expect(codes(await atNoCost(post(bodies)))).toEqual(["invalid_request"]);
  });

  test("that aim at the prototype change nothing and are refused", async () => {
    const bodies = [
      '{"quantity":1,"__proto__":{"quantity":5}}',
      '{"__proto__":{"quantity":1}}',
      '{"constructor":{"prototype":{"quantity":1}}}',
      '{"quantity":1,"constructor":1}',
      '{"quantity":1,"toString":"x"}',
    ];
    expect(codes(await atNoCost(post(bodies)))).toEqual(["invalid_request"]);
    expect(({} as { quantity?: number }).quantity).toBeUndefined();
  });

  test("larger than the limit are payload_too_large, with and without a length said", async () => {
    const large = JSON.stringify({ quantity: 1, ticket: "x".repeat(5_000) });
    const stream = () =>
      new ReadableStream({
        start(controller) {
          for (let i = 0; i < 100; i += 1)
            controller.enqueue(new TextEncoder().encode(" ".repeat(100)));
          controller.close();
        },
      });
    const answers = await atNoCost(() =>
      Promise.all([
        attempt({ body: large }),
        attempt({ body: stream() }),
        attempt({ headers: { "content-length": "4097" } }),
        attempt({ headers: { "content-length": "99999999999999999999" } }),
      ]),
    );
    expect(codes(answers)).toEqual(["payload_too_large"]);
  });

  test("of any other kind never do anything but be refused", async () => {
    const anything = fc.oneof(
      fc.json(),
      fc.string({ unit: "binary" }),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes)),
      fc.jsonValue().map((value) => JSON.stringify({ quantity: value })),
    );
    const isOrder = (body: BodyInit) => /^\{"quantity":\s*\d+\}$/.test(String(body));
    await atNoCost(async () => {
      const answers: Answer[] = [];
      await fc.assert(
        fc.asyncProperty(anything, async (body) => {
          fc.pre(!isOrder(body));
          const answer = await attempt({ body });
          expect(answer.status).toBe(400);
          answers.push(answer);
        }),
        { numRuns: 150 },
      );
      return answers;
    });
  });
});

describe("headers", () => {
  test.each([
    "text/plain",
    "application/jsonp",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json, text/plain",
    "json",
    "",
  ])("content type %j is unsupported_media_type", async (type) => {
    const answers = await atNoCost(async () => [
      await attempt({ headers: { "content-type": type } }),
    ]);
    expect(codes(answers)).toEqual(["unsupported_media_type"]);
  });

  test("an absent or empty Idempotency-Key is asked for", async () => {
    const answers = await atNoCost(async () => [
      await attempt({ headers: { "idempotency-key": "" } }),
      await attempt({ headers: { "idempotency-key": "  " } }),
    ]);
    expect(codes(answers)).toEqual(["idempotency_key_required"]);
  });

  test.each(["a b", "a,b", "x".repeat(65), "clé", "a/b", "'; DROP TABLE orders;--", "key, key"])(
    "Idempotency-Key %j is invalid_request",
    async (key) => {
      const answers = await atNoCost(async () => [
        await attempt({ headers: { "idempotency-key": key } }),
      ]);
      expect(codes(answers)).toEqual(["invalid_request"]);
    },
  );

  test("sent twice, a key is not one key", async () => {
    const headers = new Headers({
      "cf-connecting-ip": freshAddress(),
      "content-type": "application/json",
      authorization: `Bearer ${buyer.token}`,
    });
    headers.append("idempotency-key", "one");
    headers.append("idempotency-key", "two");
    const url = `${ORIGIN}/api/skus/${skuId}/orders`;
    const answers = await atNoCost(async () => [
      await send(new Request(url, { method: "POST", headers, body: '{"quantity":1}' })),
    ]);
    expect(codes(answers)).toEqual(["invalid_request"]);
  });
});

test("SKUs that do not exist, or cannot, are not_found", async () => {
  const skus = [
    "unknown",
    "UPPER",
    "x".repeat(65),
    "a.b",
    "..%2f..%2fadmin",
    "%00",
    "%zz",
    "%F0%9F%8E%9F",
    "%E0%A4%A",
    "-readyz-",
    "registry",
    "__proto__",
    "constructor",
    `${skuId}%20`,
    `${skuId}%0a`,
    `${skuId}.1`,
  ];
  const answers = await atNoCost(() => Promise.all(skus.map((sku) => attempt({ sku }))));
  expect(codes(answers)).toEqual(["not_found"]);
});

test.each(["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])(
  "%s is method_not_allowed, and POST is named",
  async (method) => {
    const answers = await atNoCost(async () => [await attempt({ method })]);
    expect(codes(answers)).toEqual(["method_not_allowed"]);
    expect(answers[0]?.headers.get("allow")).toBe("POST");
  },
);

test("a stranger is unauthenticated before anything is asked of Redis or an object", async () => {
  const tokens = [
    "Bearer",
    "Bearer ",
    "Bearer x",
    "Basic YTpi",
    "bearer a.b.c",
    "Bearer a b",
    "\t",
  ];
  const answers = await atNoCost(() =>
    Promise.all(tokens.map((authorization) => attempt({ headers: { authorization } }))),
  );
  expect(codes(answers)).toEqual(["unauthenticated"]);
});

test("a sale that is not open yet, or long over, is refused without asking anybody", async () => {
  const day = 24 * 3_600_000;
  const at = (offset: number) => new Date(Date.now() + offset).toISOString();
  const upcoming = await onSale({}, { opensAt: at(day), closesAt: at(2 * day) });
  const over = await onSale({}, { opensAt: at(-2 * day), closesAt: at(-day) });
  const answers = await atNoCost(async () => [
    await attempt({ sku: upcoming }),
    await attempt({ sku: over }),
  ]);
  expect(answers.map(({ code }) => code)).toEqual(["sale_not_open", "sale_closed"]);
  expect(answers[0]?.body.opensAt).toBeTruthy();
  expect(answers[1]?.body.closesAt).toBeTruthy();
});
