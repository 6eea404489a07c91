// Buyers of a sale with a limit per person, who try every size at once while the Worker is killed.
import { expect, vi } from "vitest";
import { type Client, expectOk, type SaleInput } from "../../src/local/client.ts";

const LIMIT = 2;
const SIZES = ["limit-s", "limit-m", "limit-l"];
const MANY = { limit: 100_000, windowSeconds: 60 };

export const limitedSale = (): SaleInput & { protection: object } => ({
  id: "limit-sale",
  title: "A sale with a limit per person",
  description: "",
  opensAt: new Date(Date.now() - 3_600_000).toISOString(),
  closesAt: new Date(Date.now() + 3_600_000).toISOString(),
  admission: { mode: "open" },
  perUserLimit: LIMIT,
  protection: { limits: { order: { ip: MANY, user: MANY } } },
  skus: SIZES.map((id) => ({
    ...{ id, name: "A pair", unitPrice: { amount: 0, currency: "USD" } },
    ...{ stock: 1_000, perUserLimit: LIMIT, holdSeconds: 300 },
  })),
});

export interface Collector {
  user: string;
  token: string;
  ip: string;
  /** The final answer for each size. */
  answers: Map<string, "accepted" | "refused">;
}

/** Tries all sizes that have no final answer yet, each under its key. */
export async function collect(client: Client, collector: Collector): Promise<void> {
  const { user, answers } = collector;
  const open = SIZES.filter((size) => !answers.has(size));
  await Promise.all(
    open.map(async (size) => {
      const answer = await client.order(size, `${user}-${size}`, collector, { quantity: 1 });
      const { code } = answer.body as { code?: string };
      if (answer.status === 202) answers.set(size, "accepted");
      else if (code === "user_limit_reached") answers.set(size, "refused");
      else expect(answer.status).toBe(503);
    }),
  );
}

/** After the crashes, everybody gets exactly what the limit allows, whatever was lost. */
export async function expectLimitKept(client: Client, collectors: Collector[]): Promise<void> {
  const haveAnswers = async () => {
    await Promise.all(collectors.map((collector) => collect(client, collector)));
    return collectors.every(({ answers }) => answers.size === SIZES.length);
  };
  await vi.waitUntil(haveAnswers, { timeout: 120_000, interval: 500 });
  const orders = (await Promise.all(SIZES.map((size) => client.ledgerOrders(size)))).flat();
  for (const { user, answers } of collectors) {
    const accepted = [...answers.values()].filter((answer) => answer === "accepted");
    const own = orders.filter(({ userId }) => userId === user);
    expect([user, accepted.length, own.length]).toEqual([user, LIMIT, LIMIT]);
  }
}

export const putLimitedSale = async (client: Client): Promise<void> =>
  void expectOk(await client.putSale(limitedSale()));
