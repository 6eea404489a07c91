// Decides from the facts of a sale what holds. Pure. In doubt a statement is unknown, and never true.
import type { DrawCheck } from "../../admission/verify-draw.ts";
import type { Check, FormerSkuFacts, SkuFacts } from "./document.ts";
import { agrees, type MoneyFacts } from "./money.ts";
import type { SaleLimitFacts } from "./sale-tally.ts";

interface Facts {
  skus: readonly SkuFacts[];
  formerSkus: readonly FormerSkuFacts[];
  money: MoneyFacts;
  saleLimit?: SaleLimitFacts;
  draw?: readonly DrawCheck[] | null;
}

export function checksOf({ skus, formerSkus, money, saleLimit, draw }: Facts): Check[] {
  const all = [...skus, ...formerSkus];
  return [
    checkStock(all),
    checkLimits(skus, saleLimit),
    checkMoney(all, money),
    ...(draw === undefined ? [] : [checkDraw(draw)]),
  ];
}

type Name = Check["name"];
const held = (name: Name, detail: string): Check => ({ name, holds: true, detail });
const broken = (name: Name, detail: string): Check => ({ name, holds: false, detail });
const unknown = (name: Name, detail: string): Check => ({ name, holds: "unknown", detail });

/** SKUs as words. */
const listed = (skus: readonly FormerSkuFacts[]): string => skus.map(({ id }) => id).join(", ");

/** Why not every order was read. Undefined if all were. */
function unread(skus: readonly FormerSkuFacts[]): string | undefined {
  const missing = skus.filter(({ ledger, counted }) => !ledger || !counted);
  return missing.length > 0 ? `The ledger did not answer: ${listed(missing)}` : undefined;
}

function isOutOfBalance({ ledger, counted }: FormerSkuFacts): boolean {
  if (!ledger) return false;
  const { stocked, available, held, sold, isMoving } = ledger;
  if (available < 0 || available + held + sold !== stocked) return true;
  if (!counted || isMoving) return false;
  return counted.held !== held || counted.sold !== sold;
}

function checkStock(skus: readonly FormerSkuFacts[]): Check {
  const wrong = skus.filter(isOutOfBalance);
  if (wrong.length > 0) {
    return broken("stock", `Sold, held and available units are not the stock: ${listed(wrong)}`);
  }
  const why = unread(skus);
  if (why) return unknown("stock", why);
  const moving = skus.filter(({ ledger }) => ledger?.isMoving);
  if (moving.length > 0) {
    return unknown("stock", `Units moved while the orders were read: ${listed(moving)}`);
  }
  const sold = skus.reduce((sum, { ledger }) => sum + (ledger?.sold ?? 0), 0);
  return held("stock", `Sold + held + available = stocked, order by order. Sold: ${sold}`);
}

const LOWERED = "A limit that was lowered later explains that";

function checkLimits(skus: readonly SkuFacts[], sale: SaleLimitFacts | undefined): Check {
  const over = skus.filter(({ counted }) => counted && counted.overLimit > 0);
  if (over.length > 0) {
    const people = over.reduce((sum, { counted }) => sum + (counted?.overLimit ?? 0), 0);
    const detail = `${people} people have more than today's limit: ${listed(over)}`;
    return broken("limits", `${detail}. ${LOWERED}`);
  }
  if (sale?.overLimit) {
    const detail = `${sale.overLimit} people have more than ${sale.limit} units of the whole sale`;
    return broken("limits", `${detail}. ${LOWERED}`);
  }
  const why = unread(skus) ?? (sale && unproven(skus, sale));
  if (why) return unknown("limits", why);
  if (sale?.miscounted) {
    const detail = `The sale's limit counts other units than the ledgers for ${sale.miscounted} people`;
    return broken("limits", detail);
  }
  const most = skus.map(
    ({ id, counted, perUserLimit }) => `${id} ${counted?.mostPerPerson} of ${perUserLimit}`,
  );
  const whole = sale ? [`the whole sale ${sale.mostPerPerson} of ${sale.limit}`] : [];
  return held("limits", `The most units of one person: ${[...most, ...whole].join(", ")}`);
}

/** Why nothing is known of a sale's limit, or of what counts for it. Undefined if there is no reason. */
function unproven(skus: readonly SkuFacts[], { overLimit, miscounted }: SaleLimitFacts) {
  if (overLimit === null) return "Too many people to add up the units of each over all items";
  const isMoving = skus.some(({ ledger }) => ledger && (ledger.isMoving || ledger.uncounted > 0));
  return miscounted && isMoving
    ? "Orders are being counted for the limit of the sale. Read the report again"
    : undefined;
}

function checkMoney(
  skus: readonly FormerSkuFacts[],
  { totals, faultCount, open }: MoneyFacts,
): Check {
  const total = (name: "mismatches" | "refundsFailed" | "refundsDue") =>
    skus.reduce((sum, { ledger }) => sum + (ledger?.[name] ?? 0), 0);
  const [mismatches, refundsDue] = [total("mismatches"), total("refundsDue")];
  if (faultCount > 0) return broken("money", `${faultCount} orders contradict their payment`);
  if (!totals.every(agrees)) return broken("money", "What was charged is not what was sold");
  if (mismatches > 0) {
    return broken("money", `${mismatches} payments were reported that are not their order's`);
  }
  const why = unread(skus);
  if (why) return unknown("money", why);
  if (open + refundsDue > 0) {
    return unknown("money", `${open + refundsDue} payments or refunds are under way`);
  }
  const detail = "Charged = refunded + confirmed orders, in every currency";
  return held("money", totals.every(({ charged }) => charged === 0) ? "No money moved" : detail);
}

function checkDraw(draw: readonly DrawCheck[] | null): Check {
  if (!draw) return unknown("draw", "The line did not answer");
  const failed = draw.filter(({ ok }) => !ok);
  if (failed.length === 0)
    return held("draw", "The seed, the beacon and the history are as published");
  const detail = failed.map(({ detail }) => detail).join(". ");
  return failed.every(({ name }) => name === "revealed")
    ? unknown("draw", detail)
    : broken("draw", detail);
}
