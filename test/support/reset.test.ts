// What one test file leaves behind does not reach the next one.
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { OrderMessage } from "../../src/inventory/messages.ts";
import { admin } from "./http.ts";
import { captureQueue, messagesAbout } from "./queue.ts";
import { resetState } from "./reset.ts";
import { aSale, putSale, unique, until } from "./shop.ts";

test("a reset removes the sales of a registry that sleeps", async () => {
  const sale = await putSale(aSale());
  await evictDurableObject(env.SALE_REGISTRY.getByName("registry"));

  await resetState();

  expect((await admin("GET", `/sales/${sale.id}`)).code).toBe("not_found");
});

test("a message that was sent before a reset is not delivered after it", async () => {
  const queue = captureQueue();
  const about = (skuId: string): OrderMessage => ({
    ...{ v: 1, skuId, lane: 0, userId: "ann", version: 1 },
    orderId: unique("order"),
  });
  const [before, after] = [about(unique("sku")), about(unique("sku"))];
  await env.ORDERS.send(before, { delaySeconds: 1 });

  await resetState();
  await env.ORDERS.send(after, { delaySeconds: 1 });

  await until("the later message is there", () => messagesAbout(queue, after.skuId).length > 0);
  expect(messagesAbout(queue, before.skuId)).toEqual([]);
});
