// 401 answers on all of a buyer's routes, and signing out.
import { beforeAll, describe, expect, test } from "vitest";
import { call, contractFaults, ORIGIN, request, send } from "../support/http.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, aSale, aSku, putSale, tokenFor, unique } from "../support/shop.ts";

const sku = aSku();
const sale = aSale({ skus: [sku] });
beforeAll(async () => {
  await emptyRedis();
  await putSale(sale);
});

const ROUTES: [string, string, unknown?][] = [
  ["GET", "/api/orders"],
  ["GET", "/api/orders/x.0.y"],
  ["DELETE", "/api/orders/x.0.y"],
  ["POST", "/api/orders/x.0.y/payment", { paymentToken: "tok_ok" }],
  ["POST", `/api/skus/${sku.id}/orders`, { quantity: 1 }],
  ["GET", "/orders"],
  ["GET", "/orders/x.0.y"],
];

describe.each(ROUTES)("%s %s", (method, path, body) => {
  const sendRequest = (headers: Record<string, string>) =>
    call(method, path, {
      body,
      headers: { "idempotency-key": unique("key"), origin: ORIGIN, ...headers },
    });

  test("answers 401 with the scheme to a request without a token", async () => {
    for (const headers of [
      {},
      { authorization: "" },
      { authorization: "Bearer" },
      { cookie: "a=b" },
    ]) {
      const answer = await sendRequest(headers as Record<string, string>);
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="doorbuster"');
    }
  });

  test("answers 401 with invalid_token to an invalid token", async () => {
    const forged = await tokenFor("ann", "x".repeat(40));
    for (const headers of [
      { authorization: `Bearer ${forged}` },
      { authorization: "bearer  x y" },
      { authorization: `Bearer ${"x".repeat(9_000)}` },
      { cookie: `session=${forged}` },
    ]) {
      const answer = await sendRequest(headers as Record<string, string>);
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toBe(
        'Bearer realm="doorbuster", error="invalid_token"',
      );
      if (path.startsWith("/api")) expect(contractFaults(answer)).toEqual([]);
    }
  });
});

test("a write with a cookie and a wrong Origin is refused with the exact reason", async () => {
  const { token } = await aBuyer();
  const write = (headers: Record<string, string>) =>
    call("POST", `/api/skus/${sku.id}/orders`, {
      body: { quantity: 1 },
      headers: { "idempotency-key": unique("key"), cookie: `session=${token}`, ...headers },
    });
  const bare = await write({});
  expect(bare).toMatchObject({ status: 403, code: "forbidden" });
  expect(bare.body.detail).toMatch(/^Send the Origin header/);
  for (const origin of ["https://evil.test", "null", `${ORIGIN}, ${ORIGIN}`]) {
    const answer = await write({ origin });
    expect(answer).toMatchObject({ status: 403, code: "forbidden" });
    expect(answer.body.detail).toMatch(/another site/);
  }
});

describe("signing out", () => {
  const signOut = (origin: string) => {
    const logout = request("POST", "/logout", { headers: { origin } });
    return send(
      new Request(`${origin}/logout`, {
        method: "POST",
        headers: logout.headers,
        redirect: "manual",
      }),
    );
  };
  const cleared = async (origin: string) =>
    (await signOut(origin)).headers.getSetCookie().map((cookie) => {
      expect(cookie).toMatch(/^session=;.*\bMax-Age=0\b/);
      expect(cookie).toMatch(/Path=\//);
      return /Domain=([^;]+)/.exec(cookie)?.[1];
    });

  test("deletes the session cookies of the host and of its parent domains", async () => {
    expect(await cleared("https://drops.shop.example")).toEqual([
      undefined,
      "drops.shop.example",
      "shop.example",
    ]);
    expect(await cleared("https://shop.test")).toEqual([undefined, "shop.test"]);
  });

  test.each(["http://localhost", "http://127.0.0.1", "http://[::1]"])(
    "deletes only the host's cookie on %s",
    async (origin) => {
      expect(await cleared(origin)).toEqual([undefined]);
    },
  );

  test("is refused from another site", async () => {
    const answer = await call("POST", "/logout", { headers: { origin: "https://evil.test" } });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []]);
  });
});
