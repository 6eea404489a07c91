// Creates a sale for a browser test through the admin API and waits until the public API serves it.
import { expect } from "vitest";
import { type Client, expectOk, type SaleInput, type Sku } from "../../src/local/client.ts";

export interface SaleOptions {
  /** Milliseconds from now. */
  opensIn?: number;
  closesIn?: number;
  /** Other fields of the sale document, such as its theme. */
  more?: object;
  /** The number of identical items; 1 by default. */
  items?: number;
  /** How the sale admits people; all at once by default. */
  admission?: SaleInput["admission"];
  /** When the sale requires challenges; never by default. */
  challenge?: { mode: "off" | "by-score" | "always"; whenDown?: "open" | "closed" };
}

export interface OnSale {
  skuId: string;
  saleId: string;
  path: string;
  /** Updates the sale's document. */
  change(how: (sale: SaleInput) => SaleInput): Promise<void>;
}

let sales = 0;

export async function onSale(
  client: Client,
  sku: Partial<Sku> = {},
  {
    opensIn = -60_000,
    closesIn = 3_600_000,
    challenge,
    admission,
    more,
    items = 1,
  }: SaleOptions = {},
): Promise<OnSale> {
  sales += 1;
  const [saleId, skuId] = [`sale-${sales}`, `sku-${sales}`];
  const sale: SaleInput & { protection?: object } = {
    ...(challenge ? { protection: { challenge } } : {}),
    id: saleId,
    title: `Sale ${sales}`,
    description: "A **small** thing.",
    ...more,
    opensAt: new Date(Date.now() + opensIn).toISOString(),
    closesAt: new Date(Date.now() + closesIn).toISOString(),
    admission: admission ?? { mode: "open" },
    skus: Array.from({ length: items }, (_, i) => ({
      id: i === 0 ? skuId : `${skuId}-${i}`,
      name: "Thing",
      unitPrice: { amount: 0, currency: "USD" },
      stock: 20,
      perUserLimit: 1,
      holdSeconds: 300,
      ...sku,
    })),
  };
  expectOk(await client.putSale(sale));
  await expect
    .poll(() => client.send("GET", `/sales/${saleId}`).then(({ status }) => status))
    .toBe(200);
  const change = async (how: (sale: SaleInput) => SaleInput) =>
    void expectOk(await client.putSale(how(sale)));
  return { saleId, skuId, path: `/sales/${saleId}`, change };
}
