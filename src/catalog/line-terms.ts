// The terms of a sale's line, as its object gets them.
import type { LineTerms } from "../admission/client.ts";
import { lineSettings, registrationOf } from "../admission/settings.ts";
import type { RegisteredSale } from "./registry-types.ts";
import type { Sale } from "./schema.ts";

/** Null if the sale has no line. */
export function lineTermsOf(
  sale: Sale,
  { layouts = {} }: Pick<RegisteredSale, "layouts">,
): LineTerms | null {
  const [settings, registration] = [lineSettings(sale), registrationOf(sale)];
  if (!settings || !registration) return null;
  return {
    mode: settings.mode,
    ratePerSecond: settings.ratePerSecond,
    opensAt: Date.parse(sale.opensAt),
    closesAt: Date.parse(sale.closesAt),
    registrationOpensAt: registration.opensAt,
    registrationClosesAt: registration.closesAt,
    ...(sale.perUserLimit === undefined ? {} : { perUserLimit: sale.perUserLimit }),
    skus: sale.skus.map(({ id, stock, unitPrice, perUserLimit, lanes }) => ({
      id,
      ...(lanes !== undefined ? { lanes } : {}),
      ...(layouts[id] ? { former: layouts[id].former } : {}),
      stock,
      isFree: unitPrice.amount === 0,
      perUserLimit,
    })),
  };
}
