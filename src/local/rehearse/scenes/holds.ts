// What happens to one order at the same moment. `hands`: twenty requests at once pay for it and give it back,
// some of them while its hold lapses. `lastMoment`: it is paid in the last 50 milliseconds of its hold.
import { setTimeout as pause } from "node:timers/promises";
import type { Order } from "../../client.ts";
import type { Buyer, Plan, Scene, Setting, Stage } from "../scene.ts";
import { buy, giveBack, pay } from "./deeds.ts";
import { openNow } from "./hours.ts";

const HOLD_SECONDS = 2;
const HANDS = 20;
/** The hands come within so many milliseconds. */
const SPREAD_MS = 60;
const LAST_MS = 50;
/** About when a charge is under way. */
const CHARGE_MS = 1_000;

/** A unit for everybody, so that nobody's order depends on another's. */
function plan({ now, people, sandbox }: Setting): Plan | undefined {
  const terms = { stock: people, perUserLimit: 1, holdSeconds: HOLD_SECONDS };
  const sku = { name: "paid", unitPrice: { amount: 900, currency: "USD" }, ...terms };
  return sandbox ? { ...openNow(now), skus: [sku] } : undefined;
}

export const hands: Scene = {
  name: "hands",
  plan,
  people: () => 12,
  play: (stage, people) =>
    eachHold(stage, people, async (buyer, { id, expiresAt }) => {
      const now = stage.client.now();
      const end = Date.parse(expiresAt) - SPREAD_MS / 2;
      // All at once; the refusals while the charge is under way; all while the hold ends.
      const [payAt, backAt] = (
        [
          [now, now],
          [now, now + CHARGE_MS],
          [end, end],
        ] as const
      )[buyer.nth % 3] as [number, number];
      const deeds = Array.from({ length: HANDS }, async (_, hand) => {
        const pays = hand % 2 === 0;
        await until(stage, (pays ? payAt : backAt) + Math.random() * SPREAD_MS);
        await (pays ? pay(stage, buyer, id, "tok_ok") : giveBack(stage, buyer, id));
      });
      await Promise.all(deeds);
    }),
};

export const lastMoment: Scene = {
  name: "last-moment",
  plan,
  people: () => 12,
  play: (stage, people) =>
    eachHold(stage, people, async (buyer, { id, expiresAt }) => {
      await until(stage, Date.parse(expiresAt) - Math.random() * LAST_MS);
      await pay(stage, buyer, id, "tok_ok");
    }),
};

/** Everybody reserves without paying; `act` gets each order that was accepted. */
async function eachHold(
  stage: Stage,
  people: Buyer[],
  act: (buyer: Buyer, order: Order) => Promise<void>,
): Promise<void> {
  const each = people.map(async (buyer) => {
    const { user, sku } = buyer;
    const purchase = stage.record.purchase(user, sku.id, `${stage.run}-hold-${buyer.nth}`);
    const answer = await buy(stage, buyer, purchase, { kind: "buy (holds)" });
    if (answer?.status === 202) {
      await act(buyer, answer.body);
    }
  });
  await Promise.all(each);
}

const until = ({ client }: Stage, moment: number): Promise<void> =>
  pause(Math.max(0, moment - client.now()));
