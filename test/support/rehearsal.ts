// Rehearsal sales and their synthetic people in tests.
import { signPerson } from "../../src/admission/rehearsal.ts";
import type { Sale } from "../../src/catalog/schema.ts";
import { admin } from "./http.ts";
import { aSale, type Buyer, putSale, unique } from "./shop.ts";

const HOUR_MS = 3_600_000;

/** The document of a rehearsal that is open now. */
export const aRehearsalSale = (changes: Partial<Sale> = {}): Sale => ({
  ...aSale(),
  id: unique("rehearsal"),
  listed: false,
  rehearsal: true,
  opensAt: new Date(Date.now() - HOUR_MS / 2).toISOString(),
  closesAt: new Date(Date.now() + HOUR_MS).toISOString(),
  ...changes,
});

/** Asks for a grant. */
export const askForGrant = (saleId: string, body: object = {}) =>
  admin<{ grant: string; expiresAt: string }>("POST", `/sales/${saleId}/rehearsal-grants`, {
    body,
  });

/** A grant for a sale. @throws if it is refused */
export async function grantFor(saleId: string): Promise<string> {
  const answer = await askForGrant(saleId);
  if (answer.status !== 201) throw new Error(`no grant: ${JSON.stringify(answer.body)}`);
  return answer.body.grant;
}

/** Publishes a rehearsal of one SKU, with a grant for it. */
export async function givenRehearsal(changes: Partial<Sale> = {}) {
  const sale = await putSale(aRehearsalSale(changes));
  const [sku] = sale.skus;
  return { saleId: sale.id, skuId: sku?.id ?? "", sale, grant: await grantFor(sale.id) };
}

/** A synthetic person of a rehearsal. */
export function aSynthetic(
  { saleId, grant }: { saleId: string; grant: string },
  { name = unique("person"), address = "198.18.0.1", hasSolved = false } = {},
): Buyer {
  const token = signPerson(grant, { name, address, hasSolved });
  return { id: `rehearsal~${saleId}~${name}`, token };
}
