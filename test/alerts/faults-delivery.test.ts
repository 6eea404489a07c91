// Every alert about money, and that about the shop's webhook, is made to fire and to end by a real fault.
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { type Config, requireConfig } from "../../src/config/config.ts";
import { stubOf } from "../inventory/object.ts";
import {
  deliverTo,
  givenHolds,
  givenOrder,
  givenPaid,
  nextMessage,
  TestGateway,
} from "../orders/saga-fixtures.ts";
import { admin } from "../support/http.ts";
import { counted } from "../support/metrics.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, bought, buyers, ledger, until } from "../support/shop.ts";
import { expectCalm, expectEnded, expectFiring, givenSale } from "./fault.ts";
import { configureWatch, givenDay } from "./watch.ts";

beforeEach(emptyRedis);

test("says that charges fail, until they succeed again", async () => {
  const day = givenDay();
  const { skuId } = await givenSale({ stock: 100, price: 100 });
  const which = { rule: "charges_failing", about: "deployment" } as const;
  const charge = async (outcome: "declined" | "charged", paymentToken: string) => {
    const before = await counted(`payments|charge|${outcome}`);
    for (const buyer of await buyers(20)) await bought(buyer, skuId, { paymentToken });
    await until("the charges", async () => {
      return (await counted(`payments|charge|${outcome}`)) >= before + 20;
    });
  };

  await charge("declined", "tok_declined");
  await expectCalm(which);
  day.pass(30);
  await expectFiring(which, { severity: "critical", value: 1, threshold: 0.3 });
  day.pass(310);
  await charge("charged", "tok_ok");
  await expectEnded(which, day);
});

test("says that charges come after their holds, until five minutes passed without one", async () => {
  const day = givenDay();
  const holds = givenHolds();
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenOrder(sale);
  const which = { rule: "charges_late", about: `sale/${purchase.order.saleId}` } as const;
  const gateway = new TestGateway();
  gateway.mute = true;
  await deliverTo(gateway, [purchase.message]);
  gateway.mute = false;
  holds.end();
  await runDurableObjectAlarm(stubOf(sale.skuId));
  await expectCalm(which);

  await deliverTo(gateway, [await nextMessage(sale.queue, purchase.order.id)]);

  await expectFiring(which, { severity: "critical", value: 1, threshold: 0 });
  day.pass(310);
  await expectEnded(which, day);
});

/** Sets up the shop's webhook, here and in the watch, until the end of the test. `status` chooses its answers. */
async function givenHook(status: () => number): Promise<void> {
  const vars = {
    ORDER_WEBHOOK_URL: "https://erp.test/hook",
    ORDER_WEBHOOK_SECRET: [`whsec_${btoa("a secret of the shop, 32 bytes long")}`],
  };
  const clear = (config: Partial<Config>) => {
    delete config.ORDER_WEBHOOK_URL;
    delete config.ORDER_WEBHOOK_SECRET;
  };
  Object.assign(requireConfig(env), vars);
  await configureWatch((config) => Object.assign(config, vars));
  const real = globalThis.fetch;
  const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const isHook = input === vars.ORDER_WEBHOOK_URL;
    return isHook ? new Response(null, { status: status() }) : real(input, init);
  });
  onTestFinished(async () => {
    spy.mockRestore();
    clear(requireConfig(env));
    await configureWatch(clear);
  });
}

test("says that the shop's webhook fails, until it accepts events", async () => {
  const day = givenDay();
  const { skuId } = await givenSale({ stock: 50 });
  const which = { rule: "webhook_failing", about: "deployment" } as const;
  let status = 500;
  await givenHook(() => status);
  for (const buyer of await buyers(5)) await bought(buyer, skuId);
  await until("failed posts", async () => (await counted("webhooks|failed")) >= 5);
  await expectFiring(which, { severity: "warning", value: 1, threshold: 0.5 });
  status = 204;
  day.pass(310);
  for (const buyer of await buyers(5)) await bought(buyer, skuId);
  await until("accepted events", async () => (await counted("webhooks|delivered")) >= 5);
  await expectEnded(which, day);
});

test("says that the shop's webhook is gone, until an operator resumes", async () => {
  const day = givenDay();
  const { skuId } = await givenSale({ stock: 50 });
  const which = { rule: "webhook_gone", about: "deployment" } as const;
  let status = 410;
  await givenHook(() => status);
  await expectCalm(which);
  await bought(await aBuyer(), skuId);
  const stoppedSince = async () => (await admin("GET", "/webhooks")).body.stoppedSince;
  await until("nothing is sent", async () => (await stoppedSince()) !== null);
  await expectFiring(which, { severity: "critical", threshold: 0 });
  status = 204;
  expect((await admin("POST", "/webhooks/resume")).status).toBe(200);
  await expectEnded(which, day);
  await until("the event is accepted", async () => (await ledger(skuId)).unannounced === 0);
});
