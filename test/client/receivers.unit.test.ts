// The servers of the example shop, in Express and as routes of Next.js, over real HTTP.
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { jwtVerify } from "jose";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { createShop } from "../../src/client/examples/express/app.ts";
import { POST as mintToken } from "../../src/client/examples/next/app/api/doorbuster-token/route.ts";
import { POST as receiveEvent } from "../../src/client/examples/next/app/api/webhooks/doorbuster/route.ts";
import { shop } from "../../src/client/examples/next/shop.ts";
import { OrderBook } from "../../src/client/examples/server/order-book.ts";
import { customerNamed, sessionCookie } from "../../src/client/examples/server/session.ts";
import { readSettings } from "../../src/client/examples/server/settings.ts";

const ORIGIN = "https://shop.example";
const SECRET = `whsec_${btoa("a secret of the shop, 32 bytes long")}`;
const OLD_SECRET = `whsec_${btoa("the secret before it, 32 bytes too")}`;
const AUTH_SECRET = "an-auth-secret-of-at-least-32-characters";
const ENV = {
  SHOP_ORIGIN: ORIGIN,
  DOORBUSTER_URL: "https://drops.shop.example",
  AUTH_SECRET,
  ORDER_WEBHOOK_SECRET: `${SECRET}, ${OLD_SECRET}`,
  SESSION_SECRET: "a-session-secret-of-at-least-32-characters",
};
const settings = readSettings(ENV);
const book = new OrderBook();

const route = ({ url }: Request) => (url.endsWith("/doorbuster-token") ? mintToken : receiveEvent);
const SHOPS = [
  {
    ...{ name: "Express", book: () => book, listener: createShop(settings, book) },
    ...{ token: "/doorbuster-token", events: "/webhooks/doorbuster" },
  },
  {
    ...{ name: "Next.js", book: () => shop().book },
    listener: getRequestListener((request) => route(request)(request)),
    ...{ token: "/api/doorbuster-token", events: "/api/webhooks/doorbuster" },
  },
];

/** Serves a shop until the end of the test. Returns what posts to it. */
async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return (path: string, headers: Record<string, string>, body: string | null = null) =>
    fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", headers, body });
}

/** An event about an order, as text. */
const eventOf = (version: number, status: string, id = "order") =>
  JSON.stringify({
    id: `${id}.${version}`,
    type: `order.${status}`,
    userId: "customer-zoe",
    order: { id, version, status },
  });

function signed(
  body: string,
  { secret = SECRET, age = 0, id = JSON.parse(body).id as string } = {},
) {
  const at = new Date(Date.now() - age * 1_000);
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": new Webhook(secret).sign(id, at, body),
  };
}

beforeAll(() => {
  for (const [name, value] of Object.entries(ENV)) vi.stubEnv(name, value);
});
afterAll(() => vi.unstubAllEnvs());

describe.each(SHOPS)("the shop in $name", ({ listener, token, events, book }) => {
  const heard = () =>
    book()
      .of("customer-zoe")
      .map(({ id }) => id);

  test("gives a token of ten minutes to who is signed in, on its own pages only", async () => {
    const post = await serve(listener);
    const zoe = customerNamed("zoe") ?? { id: "" };
    const [cookie = ""] = (await sessionCookie(zoe, settings)).split(";");
    const answer = await post(token, { origin: ORIGIN, cookie: `theme=dark; ${cookie}` });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const jwt = await answer.text();
    const key = new TextEncoder().encode(AUTH_SECRET);
    const { payload } = await jwtVerify(jwt, key, { algorithms: ["HS256"] });
    const { sub, email, exp = 0, iat = 0 } = payload;
    expect({ sub, email }).toEqual({ sub: "customer-zoe", email: "zoe@example.com" });
    expect(exp - iat).toBe(600);
    expect((await post(token, { origin: "https://evil.example", cookie })).status).toBe(403);
    expect((await post(token, { cookie })).status).toBe(403);
    expect((await post(token, { origin: ORIGIN })).status).toBe(401);
    const forged = { origin: ORIGIN, cookie: `shop_session=${jwt}` };
    expect((await post(token, forged)).status).toBe(401);
  });

  test("records each event once, and never an older one over a newer one", async () => {
    const post = await serve(listener);
    const send = async (body: string, options = {}) =>
      (await post(events, signed(body, options), body)).status;
    const [first, second] = [eventOf(2, "confirmed"), eventOf(3, "refunded")];
    expect([await send(first), await send(first)]).toEqual([204, 204]);
    expect(heard()).toEqual(["order.2"]);
    expect([await send(second, { secret: OLD_SECRET }), await send(first)]).toEqual([204, 204]);
    expect(heard()).toEqual(["order.3"]);
    expect(await send('{"id":"test","type":"webhook.test"}')).toBe(204);
  });

  test("refuses events that are forged, changed, old, or too large", async () => {
    const post = await serve(listener);
    const body = eventOf(1, "confirmed", "forged");
    const other = `whsec_${btoa("a secret of somebody else, 32 bytes")}`;
    const status = async (headers: Record<string, string>, text = body) =>
      (await post(events, headers, text)).status;
    expect(await status(signed(body, { secret: other }))).toBe(401);
    expect(await status(signed(body), eventOf(9, "confirmed", "forged"))).toBe(401);
    expect(await status(signed(body, { age: 301 }))).toBe(401);
    expect(await status({})).toBe(401);
    expect(await status({}, "")).toBe(401);
    expect(await status(signed(body), "x".repeat(100_000))).toBe(413);
    expect(heard()).not.toContain("forged.1");
  });
});

test("does not start without its secrets", () => {
  expect(() => readSettings({ ...ENV, ORDER_WEBHOOK_SECRET: "" })).toThrow("is not set");
  expect(() => readSettings({ ...ENV, ORDER_WEBHOOK_SECRET: `${SECRET},` })).toThrow();
});
