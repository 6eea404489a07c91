// The rush: everybody at once, people and bots, as many as the driver keeps up at a time. Each behaves in a
// way of their own and waits for an answer before the next step.
import { eachAtMost } from "../patience.ts";
import { progress } from "../progress.ts";
import type { Scene } from "../scene.ts";
import { raid } from "./bots.ts";
import { openNow } from "./hours.ts";
import { shop } from "./people.ts";

const BUYERS_PER_UNIT = 5;
/** Short, so that some holds lapse; shorter than a charge that is answered late, so that some do too late. */
const HOLD_SECONDS = 5;

export const rush: Scene = {
  name: "rush",
  plan({ now, people, sandbox, guarded }) {
    const prices = sandbox ? { free: 0, paid: 1_200 } : { free: 0 };
    const names = Object.entries(prices);
    return {
      ...openNow(now),
      ...(guarded && { protection: { challenge: { mode: "by-score" } } }),
      skus: names.map(([name, amount]) => ({
        name,
        unitPrice: { amount, currency: "USD" },
        stock: Math.ceil(people / names.length / BUYERS_PER_UNIT),
        perUserLimit: 1,
        holdSeconds: HOLD_SECONDS,
      })),
    };
  },
  hasBots: true,
  people: (buyers) => buyers,
  async play(stage, crowd, { concurrency }) {
    const step = progress("rush: buyers served", crowd.length);
    await eachAtMost(concurrency, crowd, async (buyer) => {
      await (buyer.bot === undefined ? shop : raid)(stage, buyer);
      step();
    });
  },
};
