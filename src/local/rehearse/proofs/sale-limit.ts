// The proof about the limit of a whole sale per person, over the orders of all its SKUs. Lowering a limit takes no units away,
// so every version of the sale counts.
import { outcome } from "../contract.ts";
import type { Evidence } from "../evidence.ts";
import type { OrderAnswer } from "../recorder.ts";
import { type HoldPeriod, holdPeriodsOf, unitsKept } from "./available-units.ts";
import { toleranceOf } from "./timeline.ts";

/** Whether the sale's limit refused, and not that of the SKU. */
export const isOfSale = (answer: OrderAnswer): boolean =>
  outcome(answer) === "user_limit_reached" &&
  (answer.body as unknown as { scope?: string }).scope === "sale";

const limitsOf = ({ history }: Evidence): number[] =>
  history.flatMap(({ sale }) => sale.perUserLimit ?? []);

/** The evidence of each sale that has a limit per person, by its SKUs. */
const limitedSales = (skus: readonly Evidence[]): Evidence[][] => [
  ...Map.groupBy(
    skus.filter((evidence) => limitsOf(evidence).length > 0),
    ({ history }) => history[0]?.sale.id,
  ).values(),
];

/** What contradicts the claim. Undefined if no sale has a limit per person. */
export function saleLimitViolations(skus: readonly Evidence[]): string[] | undefined {
  const sales = limitedSales(skus);
  return sales.length === 0
    ? undefined
    : sales.flatMap((sale) => [...tooMany(sale), ...refusedBelow(sale)]);
}

/** Whether a sale's limit refused anybody. */
export const saleLimitIsObserved = (skus: readonly Evidence[]): boolean =>
  skus.some(({ purchases }) => purchases.some(({ answers }) => answers.some(isOfSale)));

/** People who had more units at the moment of an order, or have more in the end, than any version of the sale allows. */
function tooMany(sale: Evidence[]): string[] {
  const limit = Math.max(...sale.flatMap(limitsOf));
  const tolerance = Math.max(...sale.map(toleranceOf));
  const periods = Map.groupBy(sale.flatMap(holdPeriodsOf), ({ userId }) => userId);
  const kept = new Map<string, number>();
  for (const order of sale.flatMap(({ ledgerOrders }) => ledgerOrders)) {
    kept.set(order.userId, (kept.get(order.userId) ?? 0) + unitsKept(order));
  }
  return [...periods].flatMap(([user, own]) => {
    const most = Math.max(
      ...own.map(({ from }) =>
        own
          .filter((period) => period.from <= from && period.earliestEnd - tolerance > from)
          .reduce((sum, { units }) => sum + units, 0),
      ),
      kept.get(user) ?? 0,
    );
    return most > limit ? [`${user} had ${most} units of the sale, but its limit is ${limit}`] : [];
  });
}

/** People whom the limit of the sale refused although they never had enough units for that. */
function refusedBelow(sale: Evidence[]): string[] {
  const limit = Math.min(...sale.flatMap(limitsOf));
  const periods = Map.groupBy(sale.flatMap(holdPeriodsOf), ({ userId }) => userId);
  const tolerance = Math.max(...sale.map(toleranceOf));
  return sale.flatMap((evidence) =>
    evidence.purchases.flatMap(({ user, quantity, answers }) =>
      answers.filter(isOfSale).flatMap((answer) => {
        const most = unitsDuring(answer, periods.get(user) ?? [], tolerance);
        return most + quantity > limit
          ? []
          : [`${user} was refused for the sale's limit of ${limit}, but had at most ${most} units`];
      }),
    ),
  );
}

/** The most units that a person may have had while a request was answered. */
const unitsDuring = ({ sentAt, ms }: OrderAnswer, own: HoldPeriod[], tolerance: number): number =>
  own
    .filter((one) => one.from - tolerance <= sentAt + ms && one.latestEnd + tolerance >= sentAt)
    .reduce((sum, { units }) => sum + units, 0);
