// A sale with a line: people register before the opening or come late, wait, take their turn, or try to do without one. Then
// everything is sold, and everyone who still waits is told.
import type { LineMode } from "../../../admission/settings.ts";
import { readCommitment, readRevealed } from "../line-draw.ts";
import { newLineRecord } from "../line-record.ts";
import { killAt, watchLine } from "../line-sampler.ts";
import { progress } from "../progress.ts";
import type { Buyer, Scenario } from "../scenario.ts";
import { hours } from "./hours.ts";
import { ROLES, runRole } from "./line-people.ts";
import { refundFirst } from "./line-refund.ts";

const MINUTE_MS = 60_000;
/** People sign in and register before the opening. */
const LEAD_MS = 15_000;
const LEAD_PER_BUYER_MS = 20;
/** More than half of the people take a unit before anyone who came late. Some who came late get none. */
const UNITS_PER_BUYER = 0.65;
/** Long enough to kill the instance twice meanwhile. */
const ADMITTED_WITHIN_SECONDS = 20;

/** The rehearsal of a line with this mode. */
export const lineOf = (mode: LineMode): Scenario => ({
  name: mode,
  plan({ now, buyerCount, canPay }) {
    const opensAt = now + LEAD_MS + LEAD_PER_BUYER_MS * buyerCount;
    const stock = Math.ceil(buyerCount * UNITS_PER_BUYER);
    return {
      ...hours(opensAt, opensAt + 10 * MINUTE_MS),
      admission: { mode, ratePerSecond: Math.max(1, stock / ADMITTED_WITHIN_SECONDS) },
      skus: [
        {
          name: canPay ? "paid" : "free",
          unitPrice: { amount: canPay ? 1_200 : 0, currency: "USD" },
          ...{ stock, perUserLimit: 1, holdSeconds: 120 },
        },
      ],
    };
  },
  buyerCount: (buyers) => buyers,
  async run(context, buyers) {
    const { sale } = context.history[0] ?? {};
    if (!sale || sale.admission.mode === "open") throw new Error("The sale has no line.");
    const random = context.random("kills");
    const record = newLineRecord(sale.admission.ratePerSecond, Date.parse(sale.opensAt));
    context.line = record;
    const ended = new AbortController();
    const disturb = async () => {
      await killAt(context, record, 0.1 + 0.3 * random(), ended.signal);
      await refundFirst(context, ended.signal);
      await killAt(context, record, 0.5 + 0.3 * random(), ended.signal);
    };
    const background = [watchLine(context, record, ended.signal), disturb()];
    const step = progress(`${mode}: people finished`, buyers.length);
    const people = buyers.map(async (buyer) => {
      const line = { ...context, record, chance: context.random(`person ${buyer.nth}`) };
      await runRole(line, buyer, roleOf(buyer));
      step();
    });
    await readCommitment(context, record);
    await Promise.all(people).finally(() => ended.abort());
    await Promise.all(background);
    await readRevealed(context, record);
  },
});

/** Roles take turns, so that a small crowd has each of them. */
const roleOf = ({ nth }: Buyer) => ROLES[nth % ROLES.length] as (typeof ROLES)[number];
