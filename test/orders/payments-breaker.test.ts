// The payment provider is down or slow: payments wait in line without a try, and all of them are made once it is back.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { requireConfig } from "../../src/config/config.ts";
import { allBreakers } from "../../src/edge/breaker.ts";
import { schedulerOf } from "../../src/inventory/scheduler-client.ts";
import { dropPaymentLine } from "../../src/orders/payment-wait.ts";
import { givenClock } from "../support/clock.ts";
import { emptyRedis } from "../support/redis.ts";
import { bought, buyers, ledger, onSale, settled, showOrder, until } from "../support/shop.ts";
import { bankEntry, PRICE } from "./saga-fixtures.ts";

beforeAll(emptyRedis);
beforeEach(async () => {
  const scheduler = env.PAYMENT_SCHEDULER.getByName("scheduler");
  await runInDurableObject(scheduler, (_, state) => state.abort("restart")).catch(() => {});
  dropPaymentLine();
});

/** Makes the bank unreachable, and counts the calls. */
function givenBankDown() {
  const calls = { count: 0 };
  const spy = vi.spyOn(env.SANDBOX_BANK, "getByName").mockImplementation(() => {
    calls.count += 1;
    throw new Error("the bank is down");
  });
  onTestFinished(() => spy.mockRestore());
  return { calls, isBack: () => spy.mockRestore() };
}

const breaker = () => allBreakers().get("payments");

test("asks a provider that is down only by single probes, and charges every order once it is back", async () => {
  const clock = givenClock(Date.now());
  const bank = givenBankDown();
  const skuId = await onSale({ price: PRICE, stock: 30 });
  const crowd = await buyers(20);
  const orders = await Promise.all(
    crowd.map((buyer) => bought(buyer, skuId, { paymentToken: "tok_ok" })),
  );
  await until("the breaker is open", () => breaker()?.state === "open");
  const line = async () => (await schedulerOf(env).view()).length;
  await until("every order waits in line", async () => (await line()) === 20);
  const before = bank.calls.count;
  expect(before).toBeLessThanOrEqual(20); // nobody used up a second try

  for (let probes = 1; probes <= 3; probes += 1) {
    clock.moveTo(Date.now() + 8_000);
    await until("a probe was made", () => bank.calls.count === before + probes);
    await until("every order waits in line", async () => (await line()) === 20);
    expect([bank.calls.count, breaker()?.state]).toEqual([before + probes, "open"]);
  }
  const [buyer, order] = [crowd[19], orders[19]];
  const shown = (await showOrder(buyer as NonNullable<typeof buyer>, order?.id ?? "")).body;
  expect(shown).toMatchObject({ status: "reserved", payment: "due" });

  bank.isBack();
  clock.moveTo(Date.now() + 8_000);
  await settled(skuId);
  expect(await ledger(skuId)).toMatchObject({ sold: 20, held: 0 });
  for (const each of orders) expect(await bankEntry(each)).toMatchObject({ charges: 1 });
  expect(breaker()?.state).toBe("closed");
});

const SLOW_MS = 100;
/** So many slow answers open the breaker. */
const SLOW_CALLS = 5;

/** Lets every answer of the bank be slow, by the clock of the isolate, which only the bank moves. */
async function givenSlowBank(clock: ReturnType<typeof givenClock>) {
  await runInDurableObject(env.PAYMENT_SCHEDULER.getByName("scheduler"), (scheduler) => {
    const { env: own } = scheduler as unknown as { env: object };
    Object.assign(requireConfig(own).BREAKERS.payments, {
      ...{ slowMs: SLOW_MS, minimumCalls: SLOW_CALLS },
    });
  });
  const calls = { count: 0 };
  const real = env.SANDBOX_BANK.getByName.bind(env.SANDBOX_BANK);
  const spy = vi.spyOn(env.SANDBOX_BANK, "getByName").mockImplementation((name) => {
    calls.count += 1;
    clock.moveTo(Date.now() + SLOW_MS + 50);
    return real(name);
  });
  onTestFinished(() => spy.mockRestore());
  return { calls, isFast: () => spy.mockRestore() };
}

test("asks a provider that is slow only by single probes, whose charges count, and all others once it is fast", async () => {
  const clock = givenClock(Date.now());
  allBreakers().get("payments")?.reset();
  const bank = await givenSlowBank(clock);
  const skuId = await onSale({ price: PRICE, stock: 15 });
  const buy = async (count: number) =>
    Promise.all(
      (await buyers(count)).map((buyer) => bought(buyer, skuId, { paymentToken: "tok_ok" })),
    );
  const areSold = (count: number) =>
    until("they are charged", async () => (await ledger(skuId)).sold === count);
  const orders = await buy(SLOW_CALLS);
  await areSold(SLOW_CALLS);
  await until("the breaker is open", () => breaker()?.state === "open");

  orders.push(...(await buy(10)));
  const line = async () => (await schedulerOf(env).view()).length;
  await until("the others wait in line", async () => (await line()) === 10);
  for (let sold = SLOW_CALLS + 1; sold <= SLOW_CALLS + 3; sold += 1) {
    clock.moveTo(Date.now() + 8_000);
    await areSold(sold);
    await until("the breaker is open again", () => breaker()?.state === "open");
    expect(bank.calls.count).toBe(sold);
  }
  bank.isFast();
  clock.moveTo(Date.now() + 8_000);
  await settled(skuId);
  expect(await ledger(skuId)).toMatchObject({ sold: 15, held: 0 });
  for (const each of orders) expect(await bankEntry(each)).toMatchObject({ charges: 1 });
});
