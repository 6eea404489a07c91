// The doors: people come from before the sale opens until after it closes. Those who are too early come back in
// the very millisecond it opens.
import { setTimeout as pause } from "node:timers/promises";
import { arrivals, openLoop } from "../arrivals.ts";
import type { Buyer, Scene, Stage } from "../scene.ts";
import { buy } from "./deeds.ts";
import { hours } from "./hours.ts";

/** Enough until the sale shows and everybody has signed in. */
const LEAD_MS = 6_000;
const OPEN_MS = 2_500;
/** People come so long before and after. */
const MARGIN_MS = 1_500;

export const doors: Scene = {
  name: "doors",
  plan({ now, people }) {
    const opensAt = now + LEAD_MS;
    const sku = { name: "free", unitPrice: { amount: 0, currency: "USD" }, holdSeconds: 300 };
    return {
      ...hours(opensAt, opensAt + OPEN_MS),
      skus: [{ ...sku, stock: people, perUserLimit: 1 }],
    };
  },
  people: (buyers) => Math.ceil(buyers / 5),
  async play(stage, people) {
    const opensAt = Date.parse(stage.history[0]?.sale.opensAt ?? "");
    await pause(Math.max(0, opensAt - MARGIN_MS - stage.client.now()));
    const seconds = (OPEN_MS + 2 * MARGIN_MS) / 1_000;
    const moments = arrivals([{ seconds, perSecond: people.length / seconds }]);
    await openLoop(moments.slice(0, people.length), (nth, intended) =>
      knock(stage, people[nth] as Buyer, opensAt, intended),
    );
  },
};

/** Tries, and tries again under the same key once the sale opens. */
async function knock(stage: Stage, buyer: Buyer, opensAt: number, intended: number) {
  const { sku, user } = buyer;
  const purchase = stage.record.purchase(user, sku.id, `${stage.run}-door-${buyer.nth}`);
  const first = await buy(stage, buyer, purchase, { kind: "buy (doors)", intended });
  if (first?.status === 403) {
    const wait = Math.max(0, opensAt - stage.client.now());
    const due = performance.now() + wait;
    await pause(wait);
    await buy(stage, buyer, purchase, { kind: "buy (doors)", intended: due });
  }
}
