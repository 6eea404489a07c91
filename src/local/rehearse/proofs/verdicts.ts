// The proofs: each looks at the evidence and lists what contradicts one promise. Pure, so that a test
// can hand them a fabricated oversell and see it found.
import type { Evidence, Findings } from "../evidence.ts";
import { liveStock, SETTLES, settles } from "./live.ts";
import { moneyFaults } from "./money.ts";
import { accepted, deeds, oneAnswer, readModel, told } from "./orders.ts";
import { denials, hours, prices } from "./terms.ts";
import { balance, limits, soldOut, tally, trueRefusals } from "./units.ts";

/** A promise, and everything found that breaks it; held if nothing was. */
export interface Verdict {
  promise: string;
  violations: string[];
}

/** What must hold for each SKU. */
const PROMISES: [string, (evidence: Evidence) => string[]][] = [
  ["stocked = available + held + sold", balance],
  ["units sold = stock or demand", soldOut],
  ["nobody has more than the limit of the time", limits],
  ["nobody was told sold_out while units were left", trueRefusals],
  ["nobody buys before the sale opens or after it closes", hours],
  ["every order costs what the sale said and its buyer saw", prices],
  ["whoever is denied gets nothing, and only they", denials],
  ["every accepted order is final and readable by its owner alone", accepted],
  ["every order has one outcome, the one its buyer was told", deeds],
  ["every order in the ledger was told to its buyer", told],
  ["one key, one answer", oneAnswer],
  ["ledger = read model", readModel],
  ["live stock was true within its age", liveStock],
  [SETTLES, settles],
];
const MONEY = "money kept = confirmed orders, each charged once; refunds returned once";
const LOG = "the Worker logged no warning";

/** Holds the findings against every promise that can be checked. */
export function verify({ skus, breaches, log }: Findings): Verdict[] {
  const banked = skus.filter(({ books }) => books !== undefined);
  const about = (evidence: Evidence[], check: (evidence: Evidence) => string[]) =>
    evidence.flatMap((one) => check(one).map((violation) => `${one.sku.id}: ${violation}`));
  return [
    ...PROMISES.map(([promise, check]) => ({ promise, violations: about(skus, check) })),
    ...(banked.length > 0 ? [{ promise: MONEY, violations: about(banked, moneyFaults) }] : []),
    { promise: "every answer is one of the contract's", violations: counted(breaches) },
    ...(log === undefined ? [] : [{ promise: LOG, violations: counted(tally(log)) }]),
  ];
}

function counted(counts: Map<string, number>): string[] {
  return [...counts].map(([text, times]) => (times > 1 ? `${text} (${times} times)` : text));
}
