// Hostile headers, ids, and methods at the order route: each gets an error of the contract, at no cost.
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { freshAddress, ORIGIN, send } from "../support/http.ts";
import { redisCost, redisIsBack } from "../support/redis.ts";
import { onSale } from "../support/shop.ts";
import {
  atNoCost,
  attempt,
  buyer,
  codes,
  givenOrderRoute,
  skuId,
  stopClock,
} from "./order-route.ts";

beforeAll(givenOrderRoute);
beforeEach(redisIsBack);

describe("order headers", () => {
  test.each([
    "text/plain",
    "application/jsonp",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json, text/plain",
    "application/json; charset=utf-16",
    "application/json; charset=iso-8859-1",
    "application/json; boundary=x; charset=latin1",
    "json",
    "",
  ])("content type %j is unsupported_media_type", async (type) => {
    const answers = await atNoCost(async () => [
      await attempt({ headers: { "content-type": type } }),
    ]);
    expect(codes(answers)).toEqual(["unsupported_media_type"]);
  });

  test("an absent or empty Idempotency-Key is idempotency_key_required", async () => {
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

  test("a repeated Idempotency-Key header is invalid_request", async () => {
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

test("unknown and impossible SKU ids are not_found", async () => {
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
  "%s is method_not_allowed, with Allow: POST",
  async (method) => {
    const answers = await atNoCost(async () => [await attempt({ method })]);
    expect(codes(answers)).toEqual(["method_not_allowed"]);
    expect(answers[0]?.headers.get("allow")).toBe("POST");
  },
);

test("a caller without a valid token is unauthenticated at no cost", async () => {
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

const day = 24 * 3_600_000;
const at = (offset: number) => new Date(Date.now() + offset).toISOString();

test("an order before the sale opens is refused at no cost if the SKU never sold", async () => {
  const upcoming = await onSale({}, { opensAt: at(day), closesAt: at(2 * day) });
  const answers = await atNoCost(async () => [await attempt({ sku: upcoming })]);
  expect(codes(answers)).toEqual(["sale_not_open"]);
  expect(answers[0]?.body.opensAt).toBeTruthy();
});

test("an order after the sale closed is refused at no cost once the edge has the buyers", async () => {
  const over = await onSale({}, { opensAt: at(-2 * day), closesAt: at(-day) });
  // The edge relies on an object's stock for two seconds, which must not pass on a busy machine.
  stopClock();
  const stopped = vi.spyOn(performance, "now").mockReturnValue(performance.now());
  onTestFinished(() => stopped.mockRestore());
  const learned = async () => (await redisCost(() => attempt({ sku: over }))).commands === 0;
  await vi.waitUntil(learned, { timeout: 60_000 });
  const answers = await atNoCost(async () => [await attempt({ sku: over })]);
  expect(codes(answers)).toEqual(["sale_closed"]);
  expect(answers[0]?.body.closesAt).toBeTruthy();
});
