// The sales of the benchmark. Each SKU puts an order on one path through the funnel.
import { type Client, expectOk, type SaleInput, type Sku } from "../client.ts";

const DAY_MS = 86_400_000;
const MILLION = 1_000_000;

export const SALE = "bench";
/** Free, and never sold out. */
export const PLENTIFUL = "bench-plentiful";
/** Never sold out, and to be paid. */
export const PRICED = "bench-priced";
/** Has one unit. */
export const SCARCE = "bench-scarce";
/** Allows each user one attempt an hour. */
export const LIMITED = "bench-limited";
/** Challenges everyone. */
export const CHALLENGED = "bench-challenged";
/** In a sale with a line, and never sold out. */
export const LINED = "bench-lined";
export const LINE_SALE = "bench-line";
/** When registration for that sale closed: its line has moved past it soon. */
export const LINE_CLOSED_AT = Date.now() - 60_000;
/** Opens tomorrow. */
export const LATER = "bench-later";
export const TOMORROW = "bench-tomorrow";
/** The sales besides these two. */
export const OTHER_SALES = ["bench-limited", "bench-challenged", LINE_SALE];

/** SKUs that accept orders in the benchmark. */
export const SOLD_SKUS = [PLENTIFUL, PRICED, SCARCE, LIMITED, LINED];

const fixedWindow = (limit: number, windowSeconds: number) => ({
  algorithm: "fixed-window" as const,
  limit,
  windowSeconds,
});

/** High enough that rows that refuse the same callers in every round do not get them blocked. */
const NO_AUTO_BLOCK = { limitRefusals: 100_000, ignoredChallenges: 1_000 };

/** Creates all sales. */
export async function putSales(client: Client): Promise<void> {
  const yesterday = fromNow(-DAY_MS);
  const skus = [sku(PLENTIFUL, MILLION), sku(PRICED, MILLION, 1_200), sku(SCARCE, 1)];
  const sales = [
    // The row of repeated orders sends each user's order once a round, so that limit must exceed any number of rounds.
    sale(SALE, yesterday, skus, { limits: { order: { user: fixedWindow(100_000, 60) } } }),
    sale(TOMORROW, fromNow(DAY_MS), [sku(LATER, 1)]),
    sale("bench-limited", yesterday, [sku(LIMITED, MILLION)], {
      limits: { order: { user: fixedWindow(1, 3_600) } },
      autoBlock: NO_AUTO_BLOCK,
    }),
    sale("bench-challenged", yesterday, [sku(CHALLENGED, MILLION)], {
      challenge: { mode: "always" },
      autoBlock: NO_AUTO_BLOCK,
    }),
  ];
  for (const each of [...sales, lineSale()]) expectOk(await client.putSale(each));
}

const lineSale = (): SaleInput => ({
  ...sale(LINE_SALE, new Date(LINE_CLOSED_AT).toISOString(), [sku(LINED, MILLION)]),
  admission: { mode: "queue", ratePerSecond: 1_000 },
});

const fromNow = (offsetMs: number) => new Date(Date.now() + offsetMs).toISOString();

/** @param amount unit price in cents */
const sku = (id: string, stock: number, amount = 0): Sku => ({
  id,
  name: id,
  unitPrice: { amount, currency: "USD" },
  stock,
  perUserLimit: 1,
  holdSeconds: 300,
});

const sale = (
  id: string,
  opensAt: string,
  skus: Sku[],
  protection?: SaleInput["protection"],
): SaleInput => ({
  id,
  title: "Bench",
  description: "SKUs for the benchmark.",
  opensAt,
  closesAt: fromNow(2 * DAY_MS),
  admission: { mode: "open" },
  skus,
  ...(protection && { protection }),
});
