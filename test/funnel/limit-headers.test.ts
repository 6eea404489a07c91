// The rate-limit headers of the order route.
import { beforeAll, beforeEach, expect, test } from "vitest";
import { givenClock } from "../support/clock.ts";
import { admin, contractFaults } from "../support/http.ts";
import { captureQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer } from "../support/shop.ts";
import { LIMIT, limitOf, passed, START, WINDOW, WINDOW_SECONDS } from "./limit-helpers.ts";
import { attempt, givenSale } from "./scene.ts";

beforeAll(emptyRedis);
beforeEach(() => void captureQueue());

const limits = { ip: limitOf("token-bucket", 9), user: limitOf("sliding-window") };
const policy = `"ip";q=9;w=${WINDOW_SECONDS}, "user";q=${LIMIT};w=${WINDOW_SECONDS}`;

test("report the sale's policy, the remaining requests, and the reset time", async () => {
  givenClock(START + 15_000);
  const sale = await givenSale({ limits: { order: limits } });
  const buyer = await aBuyer();

  const { headers } = await attempt(buyer, sale);

  expect(headers.get("ratelimit-policy")).toBe(policy);
  expect(headers.get("ratelimit")).toBe(`"user";r=${LIMIT - 1};t=45`);
  expect(headers.get("x-ratelimit-limit")).toBe(String(LIMIT));
  expect(headers.get("x-ratelimit-remaining")).toBe(String(LIMIT - 1));
  expect(headers.get("x-ratelimit-reset")).toBe(String((START + WINDOW) / 1_000));
});

test("the headers of a refusal match its Retry-After", async () => {
  givenClock(START + 15_000);
  const sale = await givenSale({ limits: { order: limits } });
  const buyer = await aBuyer();
  await passed(buyer, sale, LIMIT);

  const answer = await attempt(buyer, sale);

  expect(contractFaults(answer)).toEqual([]);
  expect(answer.body).toMatchObject({ code: "rate_limited", retryAfterSeconds: 45 });
  expect(answer.headers.get("retry-after")).toBe("45");
  expect(answer.headers.get("ratelimit")).toBe('"user";r=0;t=45');
  expect(answer.headers.get("ratelimit-policy")).toBe(policy);
});

test("are on every refusal, including those before the sale is known", async () => {
  const sale = await givenSale({ limits: { order: limits } });
  const buyer = await aBuyer();
  const known = [await attempt({ token: "forged" }, sale)];
  await admin("PUT", `/denylist/user/${buyer.id}`);
  known.push(await attempt(buyer, sale));
  const early = [
    await attempt(buyer, { skuId: "no-such-sku" }),
    await attempt(buyer, sale, { headers: { "content-type": "text/plain" } }),
  ];

  expect(known.map(({ code }) => code)).toEqual(["unauthenticated", "blocked"]);
  expect(early.map(({ code }) => code)).toEqual(["not_found", "unsupported_media_type"]);
  for (const { headers } of known) expect(headers.get("ratelimit-policy")).toBe(policy);
  for (const { headers } of [...known, ...early]) {
    for (const name of ["ratelimit", "ratelimit-policy", "x-ratelimit-reset"]) {
      expect(headers.get(name)).toBeTruthy();
    }
  }
});

test("report the policy of an upcoming sale", async () => {
  const { saleId, skuId } = await givenSale({ limits: { order: limits } });
  const { body: sale } = await admin("GET", `/sales/${saleId}`);
  const opensAt = new Date(Date.now() + 60_000).toISOString();
  await admin("PUT", `/sales/${saleId}`, { body: { ...sale, opensAt } });

  const answer = await attempt(await aBuyer(), { skuId });

  expect(answer.code).toBe("sale_not_open");
  expect(answer.headers.get("ratelimit-policy")).toBe(policy);
});
