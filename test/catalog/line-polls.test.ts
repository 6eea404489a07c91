// What it costs that people look at a line, and that sales have none: objects and Redis serve a colo, not the people.
import { env } from "cloudflare:workers";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { cookieOf, givenLineSale, lateTicket, publishLine } from "../admission/line.ts";
import { visit } from "../pages/form-client.ts";
import { givenClock } from "../support/clock.ts";
import { call } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, redisCost } from "../support/redis.ts";
import { buyers, givenLiveStock, onSale, order, suppressLiveStock } from "../support/shop.ts";

beforeAll(emptyRedis);
beforeAll(pauseQueue);

const PEOPLE = 100;

/** Spies on every call of these objects until the end of the test. */
function lookUps(...objects: DurableObjectNamespace[]) {
  const spies = objects.map((namespace) => vi.spyOn(namespace, "getByName"));
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore();
  });
  return () => spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);
}

test("a hundred looks at a line within a second cost one Redis command, and no object call", async () => {
  suppressLiveStock();
  const scene = await givenLineSale();
  await givenLiveStock(scene.skuId, { available: 1_000 });
  await publishLine(scene, { frontier: 1 });
  const everyone = await buyers(PEOPLE);
  await visit(`/sales/${scene.saleId}/line`);
  const objectCalls = lookUps(env.SALE_LINES, env.SKU_INVENTORY, env.SALE_REGISTRY);
  givenClock(Date.now() + 1_500);
  const { commands, result } = await redisCost(async () => {
    const line = `/api/sales/${scene.saleId}/line`;
    const first = await call("GET", line);
    const others = everyone.map((buyer, nth) => {
      if (nth % 3 === 0) return call("GET", line);
      if (nth % 3 === 1) return call("GET", `/api/sales/${scene.saleId}/live`);
      const cookie = cookieOf(scene, buyer, lateTicket(scene, buyer.id, nth));
      return visit(`/sales/${scene.saleId}/line`, { buyer, cookie });
    });
    return [first, ...(await Promise.all(others))];
  });
  expect(new Set(result.map(({ status }) => status))).toEqual(new Set([200]));
  expect(objectCalls()).toBe(0);
  // It reads the line, the stock, and whether the catalog changed.
  expect(commands).toBe(1);
});

test("a sale without a line never asks for one", async () => {
  const skuId = await onSale({ stock: PEOPLE });
  const objectCalls = lookUps(env.SALE_LINES);
  const answers = await Promise.all((await buyers(20)).map((buyer) => order(buyer, skuId)));
  expect(answers.every(({ status }) => status === 202)).toBe(true);
  expect(objectCalls()).toBe(0);
});
