// The copy for products and their options. Shared by server and browser.
import { isHeld, noneAvailable, type Stock } from "./sale.ts";
import type { Halt } from "./stop.ts";
import type { Wording } from "./wording.ts";

/** What is left of an option; empty if that is unknown. */
export function optionText(
  stock: Stock | undefined,
  stop: Pick<Halt, "label"> | undefined,
  { words: { product }, fill }: Wording,
): string {
  if (stop) return stop.label;
  if (!stock) return "";
  if (isHeld(stock)) return product.held;
  return noneAvailable(stock) ? product.none : fill(product.left, { n: stock.available });
}

/** The name of a thing, with its option unless the name has it: "Runner 42", "Runner · 42". */
export const itemName = ({
  name,
  option,
}: {
  name: string;
  option?: string | undefined;
}): string =>
  option === undefined || ` ${name} `.includes(` ${option} `) ? name : `${name} · ${option}`;
