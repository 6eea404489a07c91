// Kills the Worker (SIGKILL to its process group) at random moments of a sale with payments, and restarts it on the
// same state, ten times. Every accepted order must reach a final state, and money and orders must agree.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, inject, onTestFinished, test, vi } from "vitest";
import {
  Client,
  expectOk,
  type LedgerOrder,
  type Order,
  type SaleInput,
} from "../../src/local/client.ts";
import { LOCAL_ADMIN_TOKEN, LOCAL_AUTH_SECRET } from "../../src/local/settings.ts";
import { startWorkerProcess } from "../../src/local/spawn-miniflare.ts";
import { startRedisWithBridge } from "../../src/local/stack.ts";
import { makeTempDir } from "../../src/local/temp-dir.ts";
import { tokenSigner } from "../../src/local/tokens.ts";
import { PATIENT_BREAKERS } from "../setup/patient-breakers.ts";
import { type Collector, collect, expectLimitKept, putLimitedSale } from "./collectors.ts";
import { seededRandom } from "./seed.ts";

const ROUNDS = 10;
const BUYERS_PER_ROUND = 10;
const COLLECTORS_PER_ROUND = 2;
const STOCK = 60;
const HOLD_SECONDS = 12;
const SKU = "kill-sku";
const TOKENS = [
  ...["tok_ok", "tok_ok", "tok_declined", "tok_slow", "tok_error_then_ok"],
  ...["tok_timeout_but_charged", "tok_action_required", "tok_action_required", undefined],
];

interface BankEntry {
  orderId: string;
  charges: number;
  refunds: number;
}

/** A buyer, and the order that was accepted for them. */
interface Buyer {
  user: string;
  token: string;
  ip: string;
  key: string;
  paymentToken: string | undefined;
  accepted?: Order;
  /** What the buyer does with an order that is unpaid, was declined, or waits for an answer to the bank. */
  later: "pay" | "cancel" | "nothing";
}

const sale = (): SaleInput => ({
  id: "kill-sale",
  title: "A sale with crashes",
  description: "",
  opensAt: new Date(Date.now() - 3_600_000).toISOString(),
  closesAt: new Date(Date.now() + 3_600_000).toISOString(),
  admission: { mode: "open" },
  skus: [
    {
      id: SKU,
      name: "A thing",
      unitPrice: { amount: 2_400, currency: "USD" },
      stock: STOCK,
      perUserLimit: 1,
      lanes: 3,
      holdSeconds: HOLD_SECONDS,
    },
  ],
});

/** One visit of a buyer, until it ends or the Worker is killed. */
async function visit(client: Client, buyer: Buyer): Promise<void> {
  const { paymentToken } = buyer;
  if (!buyer.accepted) {
    const body = { quantity: 1, ...(paymentToken ? { paymentToken } : {}) };
    const answer = await client.order(SKU, buyer.key, buyer, body);
    if (answer.status === 202) buyer.accepted = answer.body;
    else expect([409, 429, 503]).toContain(answer.status);
  }
  if (!buyer.accepted || buyer.later === "nothing") return;
  const { id } = buyer.accepted;
  const { payment } = (await client.readOrder(id, buyer)).body;
  if (paymentToken && payment !== "declined" && payment !== "action_required") return;
  if (buyer.later === "cancel") await client.send("DELETE", `/api/orders/${id}`, buyer);
  else {
    // The same token again says that the bank was answered.
    const token = payment === "action_required" ? paymentToken : "tok_ok";
    const body = { paymentToken: token };
    await client.send("POST", `/api/orders/${id}/payment`, { ...buyer, body });
  }
}

/** All entries of the sandbox bank, by order. */
async function books(client: Client): Promise<Map<string, BankEntry>> {
  const entries = new Map<string, BankEntry>();
  let after = "";
  for (;;) {
    const path = `/sandbox/payments?after=${encodeURIComponent(after)}`;
    const { payments } = expectOk(await client.admin<{ payments: BankEntry[] }>("GET", path));
    if (payments.length === 0) return entries;
    for (const entry of payments) entries.set(entry.orderId, entry);
    after = payments.at(-1)?.orderId ?? "";
  }
}

const MOVED: Record<string, [charges: number, refunds: number]> = {
  confirmed: [1, 0],
  refunded: [1, 1],
  cancelled: [0, 0],
  expired: [0, 0],
};

async function checkOrder(
  client: Client,
  { userId, ...order }: LedgerOrder,
  { charges = 0, refunds = 0 }: Partial<BankEntry>,
  sign: (user: string) => Promise<string>,
): Promise<void> {
  expect({ ...order, money: [charges, refunds] }).toEqual({ ...order, money: MOVED[order.status] });
  const caller = { token: await sign(userId) };
  const shown = await client.readOrder(order.id, caller);
  expect([shown.headers.get("x-served-from"), shown.body]).toEqual(["read-model", order]);
}

test("a Worker that is killed ten times during a sale loses no order, no money and no one's limit", async () => {
  const random = seededRandom();
  const state = makeTempDir("kill");
  const redis = await startRedisWithBridge(state);
  onTestFinished(() => redis.stop());
  const settings = {
    script: inject("builtWorker"),
    stateDir: join(state, "worker"),
    vars: { ...redis.vars, ...PATIENT_BREAKERS },
  };
  const sign = tokenSigner(LOCAL_AUTH_SECRET);
  const crowd: Buyer[] = [];
  const collectors: Collector[] = [];

  for (let round = 0; round < ROUNDS; round += 1) {
    const worker = await startWorkerProcess(settings);
    const client = new Client(worker.url, LOCAL_ADMIN_TOKEN);
    if (round === 0) {
      expectOk(await client.putSale(sale()));
      await putLimitedSale(client);
    }
    for (let i = 0; i < BUYERS_PER_ROUND; i += 1) {
      const user = `buyer-${crowd.length}`;
      crowd.push({
        user,
        token: await sign(user),
        ip: `198.18.${round}.${i}`,
        key: user,
        paymentToken: TOKENS[Math.floor(random() * TOKENS.length)],
        later: (["pay", "cancel", "nothing"] as const)[Math.floor(random() * 3)] ?? "pay",
      });
    }
    for (let i = 0; i < COLLECTORS_PER_ROUND; i += 1) {
      const user = `collector-${collectors.length}`;
      const ip = `198.19.${round}.${i}`;
      collectors.push({ user, token: await sign(user), ip, answers: new Map() });
    }
    // Buyers without an answer retry under the same key.
    const atSomeMoment = async (go: () => Promise<void>) => {
      await pause(random() * 600);
      await go().catch((error) => {
        if (!(error instanceof TypeError)) throw error; // no answer: the Worker was killed
      });
    };
    const visits = [
      ...crowd.map((buyer) => atSomeMoment(() => visit(client, buyer))),
      ...collectors.map((collector) => atSomeMoment(() => collect(client, collector))),
    ];
    await pause(50 + random() * 2_000);
    await worker.kill();
    await Promise.all(visits);
  }

  const worker = await startWorkerProcess(settings);
  onTestFinished(() => worker.stop());
  const client = new Client(worker.url, LOCAL_ADMIN_TOKEN);
  const settled = async () => {
    const { held, unacknowledged } = await client.ledger(SKU);
    return held === 0 && unacknowledged === 0;
  };
  await vi.waitUntil(settled, { timeout: 180_000, interval: 200 });

  await expectLimitKept(client, collectors);
  const { stocked, available, sold } = await client.ledger(SKU);
  const orders = await client.ledgerOrders(SKU);
  const bank = await books(client);
  for (const order of orders) await checkOrder(client, order, bank.get(order.id) ?? {}, sign);
  for (const { accepted, user } of crowd) {
    if (accepted) expect(orders).toContainEqual(expect.objectContaining({ id: accepted.id }));
    expect(orders.filter(({ userId }) => userId === user).length).toBeLessThanOrEqual(1);
  }
  expect([...bank.keys()].filter((id) => !orders.some((order) => order.id === id))).toEqual([]);
  const confirmed = orders.filter(({ status }) => status === "confirmed");
  expect([stocked, available, sold]).toEqual([STOCK, STOCK - confirmed.length, confirmed.length]);
  // The history was meaningful: some orders were confirmed, and some were not.
  expect(confirmed.length).toBeGreaterThan(0);
  expect(confirmed.length).toBeLessThan(orders.length);
  if (process.env.SEED)
    console.info(
      Object.entries(Object.groupBy(orders, ({ status }) => status)).map(
        ([k, v]) => `${k} ${v?.length}`,
      ),
    );
});
