// Authentication of the operator, and the limit for wrong tokens.

import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { aMoment, anAddress, behindShield } from "../funnel/scene.ts";
import { givenClock } from "../support/clock.ts";
import { ADMIN_TOKEN, admin, call, contractFaults, ORIGIN, read } from "../support/http.ts";
import { counted } from "../support/metrics.ts";
import { emptyRedis, redisCost } from "../support/redis.ts";

beforeAll(emptyRedis);

const overviewRequest = (token: string, from: string) =>
  new Request(`${ORIGIN}/api/admin/overview`, {
    headers: { authorization: `Bearer ${token}`, "cf-connecting-ip": from },
  });

test("answers a wrong token with 401 and a WWW-Authenticate header as in RFC 6750", async () => {
  const challenge = async (authorization?: string) => {
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await call("GET", "/api/admin/overview", { headers });
    expect(answer).toMatchObject({ status: 401, code: "unauthenticated" });
    expect(contractFaults(answer)).toEqual([]);
    return answer.headers.get("www-authenticate");
  };
  expect(await challenge()).toBe('Bearer realm="doorbuster"');
  expect(await challenge("Basic YTpi")).toBe('Bearer realm="doorbuster"');
  for (const wrong of ["wrong", `${ADMIN_TOKEN}x`, `x ${ADMIN_TOKEN}`]) {
    expect(await challenge(`Bearer ${wrong}`)).toBe(
      'Bearer realm="doorbuster", error="invalid_token"',
    );
  }
});

test.each(["Bearer  ", "bearer\t", "BEARER \t "])("accepts the scheme %j", async (scheme) => {
  const headers = { authorization: scheme + ADMIN_TOKEN };
  expect((await call("GET", "/api/admin/overview", { headers })).status).toBe(200);
});

test("limits, counts, and logs 4,000 wrong tokens from one address without Redis", async () => {
  const clock = givenClock(aMoment());
  const lines = vi.spyOn(console, "log").mockImplementation(() => {});
  onTestFinished(() => lines.mockRestore());
  const shieldKeys: string[] = [];
  const send = behindShield((key) => shieldKeys.push(key) <= 1_000);
  const from = anAddress();
  const [before, stopped] = await Promise.all(
    ["unauthenticated", "rate_limited"].map((code) => counted(`operator_refused|${code}`)),
  );

  const { result: answers, commands } = await redisCost(async () => {
    const all = [];
    for (let i = 0; i < 4_000; i += 1)
      all.push(await read(await send(overviewRequest(`guess-${i}`, from))));
    return all;
  });

  const statuses = Map.groupBy(answers, ({ status }) => status);
  expect([statuses.get(401)?.length, statuses.get(429)?.length]).toEqual([1_000, 3_000]);
  expect(answers.slice(-3).flatMap(contractFaults)).toEqual([]);
  expect(new Set(shieldKeys)).toEqual(new Set([`operator|${from}`]));
  expect(shieldKeys.length).toBe(1_001); // a locked-out address costs no more calls
  expect(commands).toBe(0);
  const logged = lines.mock.calls.map(([line]) => String(line));
  const refusals = logged.filter((line) => line.includes("operator.refused"));
  expect(refusals.length).toBeGreaterThan(0);
  expect(refusals.length).toBeLessThan(100);
  expect(refusals.join()).not.toMatch(new RegExp(`guess|${from}`));

  expect(await counted("operator_refused|unauthenticated")).toBe((before ?? 0) + 1_000);
  expect(await counted("operator_refused|rate_limited")).toBe((stopped ?? 0) + 3_000);

  // After ten seconds the address is counted again.
  clock.moveTo(Date.now() + 10_001);
  expect((await send(overviewRequest("wrong", from))).status).toBe(429);
  expect(shieldKeys.length).toBe(1_002);
});

test("accepts the right token from an address that sent too many wrong ones", async () => {
  const send = behindShield(() => false);
  const from = anAddress();
  for (let i = 0; i < 3; i += 1) {
    expect((await send(overviewRequest(`guess-${i}`, from))).status).toBe(429);
    expect((await send(overviewRequest(ADMIN_TOKEN, from))).status).toBe(200);
  }
});

test("never limits requests with the right token", async () => {
  const from = { headers: { "cf-connecting-ip": anAddress() } };
  for (let i = 0; i < 1_100; i += 1) {
    expect((await admin("GET", "/overview", from)).status).toBe(200);
  }
});
