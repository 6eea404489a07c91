// The waves: people arrive by their own clock, in two peaks, each for one or several units of a SKU that allows
// several. An arrival waits for nobody, and its latency counts from when it was due.
import { arrivals, openLoop, type Wave } from "../arrivals.ts";
import type { Buyer, Scene, Stage } from "../scene.ts";
import { buy } from "./deeds.ts";
import { openNow } from "./hours.ts";

/** The rate of each second, in shares of the average one. */
const SHAPE = [0.5, 1.8, 0.2, 2, 0.5];
/** They come back for more, until they have what they may have or all is gone. */
const ARRIVALS_PER_PERSON = 2.5;
/** Fewer than everybody may have, so that it sells out in the end. */
const UNITS_PER_PERSON = 2.5;
const TOKENS = ["tok_ok", "tok_declined", "tok_ok", undefined, "tok_ok"];

export const waves: Scene = {
  name: "waves",
  plan({ now, people, sandbox }) {
    const stock = Math.ceil((people * UNITS_PER_PERSON) / (sandbox ? 2 : 1));
    const sku = { stock, holdSeconds: 5 };
    const usd = (amount: number) => ({ amount, currency: "USD" });
    return {
      ...openNow(now),
      skus: [
        { ...sku, name: "free", unitPrice: usd(0), perUserLimit: 4 },
        ...(sandbox ? [{ ...sku, name: "paid", unitPrice: usd(700), perUserLimit: 3 }] : []),
      ],
    };
  },
  people: (buyers) => Math.ceil(buyers / 4),
  async play(stage, people) {
    const perSecond = (people.length * ARRIVALS_PER_PERSON) / SHAPE.length;
    const shape = SHAPE.map((share): Wave => ({ seconds: 1, perSecond: share * perSecond }));
    await openLoop(arrivals(shape), (nth, intended) =>
      arrive(stage, people[nth % people.length] as Buyer, nth, intended),
    );
  },
};

async function arrive(stage: Stage, buyer: Buyer, nth: number, intended: number): Promise<void> {
  const { sku, user } = buyer;
  const quantity = 1 + Math.floor(Math.random() * sku.perUserLimit);
  const purchase = stage.record.purchase(user, sku.id, `${stage.run}-wave-${nth}`, quantity);
  const paymentToken = sku.unitPrice.amount > 0 ? TOKENS[nth % TOKENS.length] : undefined;
  await buy(stage, buyer, purchase, {
    kind: "buy (waves)",
    intended,
    ...(paymentToken !== undefined && { paymentToken }),
  });
}
