// What tickets cost: nothing of their own behind the edge. People are counted in batches.
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { controllerAnswers, givenLineSale, publishLine, reportsFor } from "../admission/line.ts";
import { givenClock } from "../support/clock.ts";
import { freshAddress, ORIGIN } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, redisCost } from "../support/redis.ts";
import { aBuyer, buyers, givenLiveStock, suppressLiveStock, until } from "../support/shop.ts";
import { join } from "./line-requests.ts";
import { aMoment, behindShield } from "./scene.ts";

beforeAll(emptyRedis);
beforeAll(pauseQueue);
beforeEach(suppressLiveStock);

test("a ticket costs no Redis command and no object call of its own", async () => {
  const scene = await givenLineSale();
  await publishLine(scene, { frontier: 5 });
  await givenLiveStock(scene.skuId, { available: 10 });
  const everyone = await buyers(20);
  givenClock(aMoment());
  await join(await aBuyer(), scene.saleId).catch(() => undefined);
  const lookups = [env.SKU_INVENTORY, env.SALE_REGISTRY].map((objects) =>
    vi.spyOn(objects as DurableObjectNamespace, "getByName"),
  );
  onTestFinished(() => {
    for (const spy of lookups) spy.mockRestore();
  });

  const { commands } = await redisCost(() =>
    Promise.all(everyone.map((buyer) => join(buyer, scene.saleId))),
  );

  expect(commands).toBe(0);
  for (const spy of lookups) expect(spy).not.toHaveBeenCalled();
});

test("people are counted in batches, each once, though they ask again", async () => {
  const scene = await givenLineSale();
  const reports = controllerAnswers(null);
  const everyone = await buyers(50);
  const first = await Promise.all(everyone.map((buyer) => join(buyer, scene.saleId)));
  await Promise.all(
    everyone.map((buyer, index) =>
      join(buyer, scene.saleId, { body: { ticket: first[index]?.body.ticket } }),
    ),
  );
  const batches = () => reportsFor(reports, scene.saleId);
  const hashes = () => batches().flat();
  await until("all are reported", () => hashes().length >= 50);
  expect(hashes()).toHaveLength(50);
  expect(new Set(hashes().map(([hash]) => hash)).size).toBe(50);
  expect(batches().length).toBeLessThanOrEqual(3);
});

test("a report that fails is sent again, and no answer waits for it", async () => {
  const scene = await givenLineSale();
  const reports = controllerAnswers(null);
  reports.mockRejectedValueOnce(new Error("the controller restarts"));
  expect((await join(await aBuyer(), scene.saleId)).status).toBe(200);
  const batches = () => reportsFor(reports, scene.saleId);
  await until("it is reported again", () => batches().length === 2);
  expect(batches()[1]).toEqual(batches()[0]);
});

test("the flood shield counts tickets by person", async () => {
  const { saleId } = await givenLineSale();
  const { token } = await aBuyer();
  const keys: string[] = [];
  const send = behindShield((key) => {
    keys.push(key);
    return false;
  });
  const answer = await send(
    new Request(`${ORIGIN}/api/sales/${saleId}/tickets`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "cf-connecting-ip": freshAddress() },
    }),
  );
  expect(answer.status).toBe(429);
  expect(keys).toEqual([expect.stringMatching(/^ticket\|user\|/)]);
});
