// The console's WebSocket: who may open it, what it pushes, and when it closes.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeAll, expect, test, vi } from "vitest";
import { givenClock } from "../support/clock.ts";
import {
  ADMIN_TOKEN,
  call,
  contractFaults,
  freshAddress,
  ORIGIN,
  VIEWER_TOKEN,
} from "../support/http.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, aSale, aSku, bought, putSale, until } from "../support/shop.ts";

beforeAll(emptyRedis);

const watchOf = (saleId: string) => env.SALE_WATCHES.getByName(saleId);
const alarmOf = (saleId: string) =>
  runInDurableObject(watchOf(saleId), (_, { storage }) => storage.getAlarm());

const open = (saleId: string, headers: Record<string, string>) =>
  exports.default.fetch(
    new Request(`${ORIGIN}/api/admin/live?sale=${saleId}`, {
      headers: { upgrade: "websocket", "cf-connecting-ip": freshAddress(), ...headers },
    }),
  );

/** Opens a socket. `messages` and `codes` collect what comes. */
async function watch(saleId: string, headers: Record<string, string>) {
  const { status, webSocket } = await open(saleId, headers);
  if (!webSocket) throw new Error(`no socket: ${status}`);
  const messages: string[] = [];
  const codes: number[] = [];
  webSocket.addEventListener("message", ({ data }) => messages.push(String(data)));
  webSocket.addEventListener("close", ({ code }) => codes.push(code));
  webSocket.accept();
  return { socket: webSocket, messages, codes };
}

async function cookieOf(token: string): Promise<string> {
  const { headers } = await call("POST", "/api/admin/session", { body: { token } });
  return headers.get("set-cookie")?.split(";")[0] ?? "";
}

const bearer = { authorization: `Bearer ${ADMIN_TOKEN}` };

test("pushes the figures at once, and again while somebody watches", async () => {
  const { id } = await putSale(aSale());
  const { socket, messages } = await watch(id, {
    cookie: await cookieOf(VIEWER_TOKEN),
    origin: ORIGIN,
  });
  await until("two pushes", () => messages.length >= 2);
  expect(messages[0]).toContain(`data-figures="${id}"`);
  expect(await alarmOf(id)).toBeGreaterThan(Date.now() - 60_000);
  socket.close();
  await until("no more alarms", async () => (await alarmOf(id)) === null);
});

test("pushes every two seconds what the ledgers have at that moment", async () => {
  const clock = givenClock(Date.now());
  const sku = aSku({ stock: 10 });
  const { id } = await putSale(aSale({ skus: [sku] }));
  const { socket, messages } = await watch(id, bearer);
  const shows = (units: number) => () =>
    messages.some((html) => html.includes(`<data value="${units}">`));
  await until("a push", shows(10));
  expect(await alarmOf(id)).toBe(Date.now() + 2_000);
  await bought(await aBuyer(), sku.id);
  clock.moveTo(Date.now() + 2_000);
  await runDurableObjectAlarm(watchOf(id));
  expect(shows(9)()).toBe(true);
  socket.close();
});

test("reads the figures once for all who watch", async () => {
  const { id } = await putSale(aSale());
  const report = vi.spyOn(env.SKU_INVENTORY as DurableObjectNamespace, "getByName");
  const watchers = await Promise.all(Array.from({ length: 5 }, () => watch(id, bearer)));
  await until("a push to each", () => watchers.every(({ messages }) => messages.length > 0));
  const pushes = Math.max(...watchers.map(({ messages }) => messages.length));
  expect(report.mock.calls.length).toBeLessThanOrEqual(pushes + 1);
  report.mockRestore();
  for (const { socket } of watchers) socket.close();
});

test("closes a socket at the first push after its sign-in is over", async () => {
  const clock = givenClock(Date.now());
  const { id } = await putSale(aSale());
  const { messages, codes } = await watch(id, {
    cookie: await cookieOf(ADMIN_TOKEN),
    origin: ORIGIN,
  });
  await until("a push", () => messages.length > 0);
  clock.moveTo(Date.now() + 8 * 3_600_000);
  await runDurableObjectAlarm(watchOf(id));
  await until("the end", () => codes.length > 0);
  expect(codes).toEqual([4401]);
});

test("closes a socket after half a minute, and opens no other one once the browser is signed out", async () => {
  const clock = givenClock(Date.now());
  const { id } = await putSale(aSale());
  const headers = { cookie: await cookieOf(ADMIN_TOKEN), origin: ORIGIN };
  const { messages, codes } = await watch(id, headers);
  await until("a push", () => messages.length > 0);
  clock.moveTo(Date.now() + 30_000);
  await runDurableObjectAlarm(watchOf(id));
  await until("the end", () => codes.length > 0);
  expect(codes).toEqual([4408]);

  (await watch(id, headers)).socket.close();
  const { headers: after } = await call("DELETE", "/api/admin/session", { headers });
  const [cookie = ""] = after.get("set-cookie")?.split(";") ?? [];
  expect((await open(id, { ...headers, cookie })).status).toBe(401);
});

test("closes a socket whose sale is deleted", async () => {
  const { id } = await putSale(aSale());
  const { messages, codes } = await watch(id, bearer);
  await until("a push", () => messages.length > 0);
  await call("DELETE", `/api/admin/sales/${id}`, { token: ADMIN_TOKEN });
  await until("the end", () => codes.length > 0);
  expect(codes).toEqual([4404]);
});

test("opens for no page of another site, and for no stranger", async () => {
  const { id } = await putSale(aSale());
  const cookie = await cookieOf(ADMIN_TOKEN);
  for (const headers of [{ cookie }, { cookie, origin: "https://evil.test" }]) {
    expect((await open(id, headers as Record<string, string>)).status).toBe(403);
  }
  for (const headers of [{}, { origin: ORIGIN }, { authorization: "Bearer wrong" }]) {
    expect((await open(id, headers as Record<string, string>)).status).toBe(401);
  }
  expect(await alarmOf(id)).toBeNull();
});

test.each([
  ["a request that is no WebSocket", "x", {}, "invalid_request"],
  ["a sale that does not exist", "unknown", { upgrade: "websocket" }, "not_found"],
  ["an id that none can be", "%00", { upgrade: "websocket" }, "not_found"],
])("refuses %s", async (_, sale, upgrade, code) => {
  const headers = { ...bearer, ...upgrade };
  const answer = await call("GET", `/api/admin/live?sale=${sale}`, { headers });
  expect(answer.code).toBe(code);
  expect(contractFaults(answer)).toEqual([]);
});
