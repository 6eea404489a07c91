// The rush: people and bots order as fast as they can. It is closed-loop load: each waits for an answer before the
// next step, and --concurrency limits how many act at the same time.
import { forEachConcurrently } from "../concurrency.ts";
import { progress } from "../progress.ts";
import type { Scenario } from "../scenario.ts";
import { runBot } from "./bots.ts";
import { openNow } from "./hours.ts";
import { runPerson } from "./people.ts";

const BUYERS_PER_UNIT = 5;
/** Short enough that some holds expire, and shorter than the slowest charge, so that some charges come too late. */
const HOLD_SECONDS = 5;

export const rush: Scenario = {
  name: "rush",
  plan({ now, buyerCount, canPay, challengesBots }) {
    const prices = canPay ? { free: 0, paid: 1_200 } : { free: 0 };
    const names = Object.entries(prices);
    return {
      ...openNow(now),
      ...(challengesBots && { protection: { challenge: { mode: "by-score" } } }),
      skus: names.map(([name, amount]) => ({
        name,
        unitPrice: { amount, currency: "USD" },
        stock: Math.ceil(buyerCount / names.length / BUYERS_PER_UNIT),
        perUserLimit: 1,
        holdSeconds: HOLD_SECONDS,
      })),
    };
  },
  hasBots: true,
  buyerCount: (buyers) => buyers,
  async run(context, buyers, { concurrency }) {
    const step = progress("rush: buyers finished", buyers.length);
    await forEachConcurrently(concurrency, buyers, async (buyer) => {
      await (buyer.bot === undefined ? runPerson : runBot)(context, buyer);
      step();
    });
  },
};
