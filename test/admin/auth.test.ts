// The operator's door: what it tells strangers, and how often they may try.
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { aMoment, anAddress, behindShield, counted } from "../funnel/scene.ts";
import { givenClock } from "../support/clock.ts";
import { ADMIN_TOKEN, admin, call, contractFaults, ORIGIN, read } from "../support/http.ts";
import { emptyRedis, redisCost } from "../support/redis.ts";

beforeAll(emptyRedis);

const knock = (token: string, from: string) =>
  new Request(`${ORIGIN}/api/admin/overview`, {
    headers: { authorization: `Bearer ${token}`, "cf-connecting-ip": from },
  });

test("a wrong token is unauthenticated, and told so in the words of RFC 6750", async () => {
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

test.each(["Bearer  ", "bearer\t", "BEARER \t "])("%j stands before the token", async (scheme) => {
  const headers = { authorization: scheme + ADMIN_TOKEN };
  expect((await call("GET", "/api/admin/overview", { headers })).status).toBe(200);
});

test("4,000 wrong tokens of one address are stopped, counted and logged, without Redis", async () => {
  const clock = givenClock(aMoment());
  const lines = vi.spyOn(console, "log").mockImplementation(() => {});
  onTestFinished(() => lines.mockRestore());
  const asked: string[] = [];
  const ask = behindShield((key) => asked.push(key) <= 1_000);
  const from = anAddress();
  const [before, stopped] = await Promise.all(
    ["unauthenticated", "rate_limited"].map((code) => counted(`operator.refused|${code}`)),
  );

  const { result: answers, commands } = await redisCost(async () => {
    const all = [];
    for (let i = 0; i < 4_000; i += 1) all.push(await read(await ask(knock(`guess-${i}`, from))));
    return all;
  });

  const statuses = Map.groupBy(answers, ({ status }) => status);
  expect([statuses.get(401)?.length, statuses.get(429)?.length]).toEqual([1_000, 3_000]);
  expect(answers.slice(-3).flatMap(contractFaults)).toEqual([]);
  expect(new Set(asked)).toEqual(new Set([`operator|${from}`]));
  expect(asked.length).toBe(1_001); // whoever is stopped costs no more questions
  expect(commands).toBe(0);
  const said = lines.mock.calls.map(([line]) => String(line));
  const refusals = said.filter((line) => line.includes("operator.refused"));
  expect(refusals.length).toBeGreaterThan(0);
  expect(refusals.length).toBeLessThan(100);
  expect(refusals.join()).not.toMatch(new RegExp(`guess|${from}`));

  expect(await counted("operator.refused|unauthenticated")).toBe((before ?? 0) + 1_000);
  expect(await counted("operator.refused|rate_limited")).toBe((stopped ?? 0) + 3_000);

  // After ten seconds that address is counted anew.
  clock.moveTo(Date.now() + 10_001);
  expect((await ask(knock("wrong", from))).status).toBe(429);
  expect(asked.length).toBe(1_002);
});

test("the operator gets in from an address that sends too many wrong tokens", async () => {
  const ask = behindShield(() => false);
  const from = anAddress();
  for (let i = 0; i < 3; i += 1) {
    expect((await ask(knock(`guess-${i}`, from))).status).toBe(429);
    expect((await ask(knock(ADMIN_TOKEN, from))).status).toBe(200);
  }
});

test("an operator who works fast is never asked to slow down", async () => {
  const from = { headers: { "cf-connecting-ip": anAddress() } };
  for (let i = 0; i < 1_100; i += 1) {
    expect((await admin("GET", "/overview", from)).status).toBe(200);
  }
});
