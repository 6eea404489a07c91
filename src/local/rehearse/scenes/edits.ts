// The edits: the operator changes nearly everything about the sale while people buy, some of them at the price
// they saw, and while one who was denied keeps trying.
import { setTimeout as pause } from "node:timers/promises";
import type { Money, Order } from "../../client.ts";
import { arrivals, openLoop } from "../arrivals.ts";
import { Operator } from "../operator.ts";
import type { Buyer, Scene, Stage } from "../scene.ts";
import { buy } from "./deeds.ts";
import { openNow } from "./hours.ts";

const STEP_MS = 900;
const STEPS = 10;
/** People still come so long after the sale was closed. */
const AFTERWARDS_MS = 1_000;
const TRIES_PER_PERSON = 3;
/** One try in four is for two units, which the limit allows for a while. */
const PAIR_EVERY = 4;
const RESTOCK = 10;
/** The denied one tries so often: under the limits that every buyer has. */
const DENIED_EVERY_MS = 700;

export const edits: Scene = {
  name: "edits",
  plan({ now, people, sandbox }) {
    const price = { amount: sandbox ? 1_000 : 0, currency: "USD" };
    // Holds outlast the scene: units go nowhere by themselves.
    const sku = { name: "changing", unitPrice: price, perUserLimit: 1, holdSeconds: 60 };
    return { ...openNow(now), skus: [{ ...sku, stock: people }] };
  },
  people: (buyers) => Math.max(2, Math.ceil(buyers / 5)),
  async play(stage, [denied, ...people]) {
    const seconds = (STEPS * STEP_MS + AFTERWARDS_MS) / 1_000;
    const perSecond = (people.length * TRIES_PER_PERSON) / seconds;
    const ended = new AbortController();
    await Promise.all([
      operate(stage, denied as Buyer).finally(() => ended.abort()),
      openLoop(arrivals([{ seconds, perSecond }]), (nth, intended) =>
        tryToBuy(stage, people[nth % people.length] as Buyer, `edit-${nth}`, {
          intended,
          quantity: nth % PAIR_EVERY === 0 ? 2 : 1,
        }),
      ),
      keepTrying(stage, denied as Buyer, ended.signal),
    ]);
  },
};

/** One change after the other, each in force for a while. */
async function operate(stage: Stage, { user, sku }: Buyer): Promise<void> {
  const operator = new Operator(stage);
  const { stock, unitPrice } = sku;
  const dearer = { ...unitPrice, amount: Math.ceil(unitPrice.amount * 1.5) };
  let lift = async () => {};
  const steps: (() => Promise<void>)[] = [
    async () => {
      lift = await operator.deny(user);
    },
    () => operator.edit({ stock: stock + Math.ceil(stock / 2) }),
    () => operator.edit({ perUserLimit: 2 }),
    async () => {
      const stock = (await operator.committed()) - 1;
      if (stock >= 0) await operator.edit({ stock }, ["stock_below_committed"]);
    },
    () => operator.edit({ unitPrice: dearer }),
    () => operator.edit({ perUserLimit: 1 }),
    async () => {
      // Units may go between the look and the change, which is refused then.
      const stock = (await operator.committed()) + 1;
      await operator.edit({ stock }, ["200", "stock_below_committed"]);
    },
    () => operator.restock(RESTOCK),
    () => lift(),
    () => operator.edit({ closesAt: new Date(stage.client.now()).toISOString() }),
  ];
  for (const step of steps) {
    await pause(STEP_MS);
    await step();
  }
  await pause(AFTERWARDS_MS);
}

/** The one who is denied for a while. */
async function keepTrying(stage: Stage, buyer: Buyer, ended: AbortSignal): Promise<void> {
  for (let at = 0; !ended.aborted; at += 1) {
    await tryToBuy(stage, buyer, `denied-${at}`, { alsoPossible: ["blocked"] });
    await pause(DENIED_EVERY_MS);
  }
}

/** Asks for units, most at a price that they saw; a new price is accepted. */
async function tryToBuy(
  stage: Stage,
  buyer: Buyer,
  name: string,
  { quantity = 1, ...manner }: { quantity?: number; intended?: number; alsoPossible?: string[] },
): Promise<void> {
  const { sku, user } = buyer;
  const purchase = stage.record.purchase(user, sku.id, `${stage.run}-${name}`, quantity);
  const paid = sku.unitPrice.amount > 0 ? { paymentToken: "tok_ok" } : {};
  const order = (unitPrice: Money | undefined) =>
    buy(stage, buyer, purchase, { kind: "buy (edits)", unitPrice, ...paid, ...manner });
  const answer = await order(seenPrice(stage, buyer));
  const changed = answer?.body as (Order & { code?: string }) | undefined;
  if (changed?.code === "price_changed") {
    await order(changed.unitPrice);
  }
}

/** As the buyer's page knows it: not at all, as of when they opened it, or as of a moment ago. */
function seenPrice({ live, skus }: Stage, { nth }: Buyer): Money | undefined {
  const opened = skus[0]?.unitPrice;
  return [undefined, opened, live.at(-1)?.skus[0]?.unitPrice ?? opened][nth % 3];
}
