// The console's session: what the cookie proves, when it ends, and which requests it is refused for.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { verifySession } from "../../src/admin/session.ts";
import { signToken } from "../../src/admission/token.ts";
import { app } from "../../src/app.ts";
import { anAddress, behindShield } from "../funnel/scene.ts";
import { givenClock } from "../support/clock.ts";
import {
  ADMIN_TOKEN,
  call,
  contractFaults,
  ORIGIN,
  read,
  SIGNING_SECRET,
  VIEWER_TOKEN,
} from "../support/http.ts";
import { emptyRedis } from "../support/redis.ts";

beforeAll(emptyRedis);

const CONFIG = { SIGNING_SECRET, ADMIN_TOKEN, VIEWER_TOKEN };
const SESSION = "/api/admin/session";

const signIn = (token: string, headers: Record<string, string> = {}) =>
  call("POST", SESSION, { body: { token }, headers });

/** The value of a new session's cookie. */
async function sessionOf(token: string): Promise<string> {
  const { headers } = await signIn(token);
  return /^__Host-operator=([^;]+)/.exec(headers.get("set-cookie") ?? "")?.[1] ?? "";
}

const withCookie = (value: string, origin?: string) => ({
  headers: { cookie: `__Host-operator=${value}`, ...(origin ? { origin } : {}) },
});

const listSales = async (cookie: string) =>
  (await call("GET", "/api/admin/sales", withCookie(cookie))).status;

test.each([
  ["operator", ADMIN_TOKEN],
  ["viewer", VIEWER_TOKEN],
])("signs an %s in for eight hours with a cookie that no script can read", async (role, token) => {
  givenClock(Date.now());
  const answer = await signIn(token);
  expect(answer).toMatchObject({ status: 200, body: { role } });
  expect(Date.parse(answer.body.expiresAt as string)).toBe(Date.now() + 8 * 3_600_000);
  const cookie = answer.headers.get("set-cookie") ?? "";
  const [pair = "", ...attributes] = cookie.split("; ");
  expect(pair).toMatch(/^__Host-operator=[\w.-]+$/);
  expect(attributes.sort()).toEqual(
    ["HttpOnly", "Max-Age=28800", "Path=/", "SameSite=Strict", "Secure"].sort(),
  );
  expect(cookie + JSON.stringify(answer.body)).not.toContain(token);
  expect(await listSales(pair.split("=")[1] as string)).toBe(200);
});

test("omits Secure and the __Host- prefix on localhost only, which has no HTTPS", async () => {
  const at = async (origin: string) => {
    const request = new Request(origin + SESSION, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token: ADMIN_TOKEN }),
    });
    const answer = await app.fetch(request, env, createExecutionContext());
    return answer.headers.get("set-cookie") ?? "";
  };
  expect(await at("http://localhost:8787")).toMatch(/^operator=(?!.*Secure)/);
  expect(await at("http://shop.test")).toMatch(/^__Host-operator=.*Secure/);
});

test("accepts a write by cookie from this site's pages only", async () => {
  const cookie = await sessionOf(ADMIN_TOKEN);
  const purge = (origin?: string) =>
    call("POST", "/api/admin/cache/purge", withCookie(cookie, origin));
  for (const origin of [undefined, "null", "https://evil.test", `${ORIGIN}.evil.test`]) {
    const answer = await purge(origin);
    expect(answer).toMatchObject({ status: 403, code: "forbidden" });
    expect(contractFaults(answer)).toEqual([]);
  }
  expect((await purge(ORIGIN)).status).toBe(200);
});

test("signs nobody in or out for another site", async () => {
  const foreign = { origin: "https://evil.test" };
  expect(await signIn(ADMIN_TOKEN, foreign)).toMatchObject({ status: 403, code: "forbidden" });
  expect((await signIn(ADMIN_TOKEN, { origin: ORIGIN })).status).toBe(200);
  for (const headers of [{}, foreign]) {
    expect((await call("DELETE", SESSION, { headers })).code).toBe("forbidden");
  }
  const out = await call("DELETE", SESSION, { headers: { origin: ORIGIN } });
  expect(out.status).toBe(204);
  expect(out.headers.get("set-cookie")).toMatch(/^__Host-operator=; .*Max-Age=0/);
});

test("ends a session after eight hours, to the millisecond", async () => {
  const clock = givenClock(Date.now());
  const cookie = await sessionOf(ADMIN_TOKEN);
  clock.moveTo(Date.now() + 8 * 3_600_000 - 1);
  expect(await listSales(cookie)).toBe(200);
  clock.moveTo(Date.now() + 1);
  expect(await listSales(cookie)).toBe(401);
});

test("ends the sessions of a token that was changed or removed, and no others", async () => {
  const [operator, viewer] = [await sessionOf(ADMIN_TOKEN), await sessionOf(VIEWER_TOKEN)];
  const roles = (changes: object) =>
    [operator, viewer].map(
      (value) => verifySession({ ...CONFIG, ...changes }, value, Date.now())?.role,
    );
  expect(roles({})).toEqual(["operator", "viewer"]);
  expect(roles({ ADMIN_TOKEN: "another-admin-token" })).toEqual([undefined, "viewer"]);
  expect(roles({ VIEWER_TOKEN: "another-viewer-token" })).toEqual(["operator", undefined]);
  expect(roles({ VIEWER_TOKEN: undefined })).toEqual(["operator", undefined]);
  expect(roles({ SIGNING_SECRET: "another-secret-of-32-characters!" })).toEqual([
    undefined,
    undefined,
  ]);
  // A viewer's token that is later given to operators does not make its old sessions an operator's.
  expect(roles({ ADMIN_TOKEN: VIEWER_TOKEN, VIEWER_TOKEN: ADMIN_TOKEN })).toEqual([
    undefined,
    undefined,
  ]);
});

test("refuses every changed cookie, and tokens that the same secret signed for something else", async () => {
  const cookie = await sessionOf(VIEWER_TOKEN);
  await fc.assert(
    fc.property(
      fc.nat(cookie.length - 1),
      fc.string({ minLength: 1, maxLength: 3 }),
      (at, text) => {
        const changed = cookie.slice(0, at) + text + cookie.slice(at + 1);
        fc.pre(changed !== cookie);
        expect(verifySession(CONFIG, changed, Date.now())).toBeUndefined();
      },
    ),
  );
  const claims = { role: "operator", expiresAt: Date.now() + 60_000 };
  for (const purpose of ["ticket", "pass", "session"] as const) {
    const forged = signToken(SIGNING_SECRET, purpose, claims);
    expect(verifySession(CONFIG, forged, Date.now())).toBeUndefined();
    expect(await listSales(forged)).toBe(401);
  }
});

test("limits wrong tokens at the sign-in as in the API, and never logs them", async () => {
  const lines = vi.spyOn(console, "log").mockImplementation(() => {});
  onTestFinished(() => lines.mockRestore());
  let checks = 0;
  const send = behindShield(() => ++checks <= 10);
  const from = anAddress();
  const attempt = async (token: string) => {
    const headers = { "cf-connecting-ip": from, "content-type": "application/json" };
    const body = JSON.stringify({ token });
    return read(await send(new Request(ORIGIN + SESSION, { method: "POST", headers, body })));
  };
  const codes = [];
  for (let i = 0; i < 12; i += 1) codes.push((await attempt(`guess-${i}`)).code);
  expect(codes.slice(9)).toEqual(["unauthenticated", "rate_limited", "rate_limited"]);
  expect((await attempt(ADMIN_TOKEN)).status).toBe(200);
  const logged = lines.mock.calls.join("\n");
  expect(logged).toContain("operator.refused");
  expect(logged).not.toMatch(new RegExp(`guess|${from}|${ADMIN_TOKEN}`));
});

test("refuses a sign-in without a usable token", async () => {
  for (const body of [{}, { token: "" }, { token: 1 }, { token: ADMIN_TOKEN, role: "operator" }]) {
    const answer = await call("POST", SESSION, { body });
    expect(answer.code).toBe("invalid_request");
    expect(contractFaults(answer)).toEqual([]);
  }
  expect((await signIn("x".repeat(2_000))).code).toBe("payload_too_large");
});

test("counts an Authorization header before a session", async () => {
  const cookie = await sessionOf(ADMIN_TOKEN);
  const headers = { cookie: `__Host-operator=${cookie}`, authorization: "Bearer wrong" };
  expect((await call("GET", "/api/admin/sales", { headers })).status).toBe(401);
});
