// Signing in by Cloudflare Access: which assertions count, and as which role.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { JWTPayload } from "jose";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { app } from "../../src/app.ts";
import { aKey } from "../funnel/identity-provider.ts";
import { inAnHour, key, token } from "../funnel/tokens.ts";
import { ADMIN_TOKEN, contractFaults, ORIGIN, read } from "../support/http.ts";
import { emptyRedis } from "../support/redis.ts";
import { unique } from "../support/shop.ts";

beforeAll(emptyRedis);

const AUD = "4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2";

/** Given a team with Access in front of this Worker, and ann as its operator. */
async function givenAccess(keys?: () => Response) {
  const domain = `https://${unique("team")}.cloudflareaccess.test`;
  const signer = await aKey("RS256", { kid: unique("kid") });
  const keySet = () => Response.json({ keys: [signer.jwk] });
  const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async (url) => {
    expect(String(url)).toBe(`${domain}/cdn-cgi/access/certs`);
    return keys?.() ?? keySet();
  });
  onTestFinished(() => fetched.mockRestore());
  const configured = {
    ...env,
    ACCESS_TEAM_DOMAIN: domain,
    ACCESS_AUD: AUD,
    ACCESS_OPERATORS: "Ann@shop.example",
  };
  const assertion = (email: unknown, changes: JWTPayload = {}) =>
    signer.token("id", { iss: domain, aud: [AUD], email, ...changes });
  const send = async (jwt: string, headers: Record<string, string> = {}, method = "GET") => {
    const path = method === "GET" ? "/api/admin/sales" : "/api/admin/cache/purge";
    const all = { "cf-access-jwt-assertion": jwt, ...headers };
    const request = new Request(ORIGIN + path, { method, headers: all });
    return read(await app.fetch(request, configured, createExecutionContext()));
  };
  return { domain, assertion, send, fetched };
}

test("lets the listed operators change things, and everyone else look", async () => {
  const { assertion, send, fetched } = await givenAccess();
  const [ann, bob] = [await assertion("ANN@shop.example"), await assertion("bob@shop.example")];
  expect((await send(ann)).status).toBe(200);
  expect((await send(bob)).status).toBe(200);
  expect((await send(ann, { origin: ORIGIN }, "POST")).status).toBe(200);
  expect((await send(bob, { origin: ORIGIN }, "POST")).code).toBe("forbidden");
  expect(fetched).toHaveBeenCalledTimes(1);
});

test("accepts a change from this site's pages only, because browsers attach the sign-in to any request", async () => {
  const { assertion, send } = await givenAccess();
  const ann = await assertion("ann@shop.example");
  for (const headers of [{}, { origin: "https://evil.test" }]) {
    expect((await send(ann, headers, "POST")).code).toBe("forbidden");
  }
});

test("refuses assertions of another application, team, time, or key", async () => {
  const { domain, assertion, send } = await givenAccess();
  const claims = { iss: domain, aud: [AUD], email: "ann@shop.example", exp: inAnHour() };
  const stranger = await aKey("RS256");
  const wrong = [
    await assertion("ann@shop.example", { aud: ["another"] }),
    await assertion("ann@shop.example", { iss: "https://other.cloudflareaccess.test" }),
    await assertion("ann@shop.example", { exp: inAnHour() - 7_200 }),
    await assertion("ann@shop.example", { nbf: inAnHour() }),
    await assertion("not an address"),
    await assertion(undefined),
    await stranger.token("id", claims),
    await token({ claims, signWith: key(ADMIN_TOKEN.padEnd(32)) }),
    "x.y.z",
    "",
    "x".repeat(20_000),
  ];
  for (const jwt of wrong) {
    const answer = await send(jwt);
    expect(answer).toMatchObject({ status: 401, code: "unauthenticated" });
    expect(contractFaults(answer)).toEqual([]);
  }
});

test("says so while the team's keys cannot be fetched", async () => {
  const { assertion, send } = await givenAccess(() => new Response("down", { status: 500 }));
  const answer = await send(await assertion("ann@shop.example"));
  expect(answer).toMatchObject({ status: 503, code: "unavailable" });
  expect(contractFaults(answer)).toEqual([]);
});

test("counts a token before an assertion, so that scripts behind Access can use theirs", async () => {
  const { send } = await givenAccess();
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  expect((await send("x.y.z", headers, "POST")).status).toBe(200);
});

test("ignores the header while Access is not configured", async () => {
  const { assertion } = await givenAccess();
  const headers = { "cf-access-jwt-assertion": await assertion("ann@shop.example") };
  const request = new Request(`${ORIGIN}/api/admin/sales`, { headers });
  const answer = await read(await app.fetch(request, env, createExecutionContext()));
  expect(answer).toMatchObject({ status: 401, code: "unauthenticated" });
});
