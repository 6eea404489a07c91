// The copy for products and their options. Shared by server and browser.
import type { Stop } from "../../catalog/sale-state.ts";
import { isHeld, noneAvailable, type Stock } from "./sale.ts";

export const CHOOSE_OPTION = "Choose an option";

/** Read before an earlier price, which is struck through: "$120.00 instead of $150.00". */
export const INSTEAD_OF = "instead of";

/** The option that the buyer has. */
export const YOURS = "Yours";

/** What is left of an option; empty if that is unknown. */
export function optionText(
  stock: Stock | undefined,
  stop: Pick<Stop, "label"> | undefined,
): string {
  if (stop) return stop.label;
  if (!stock) return "";
  if (isHeld(stock)) return "All reserved";
  return noneAvailable(stock) ? "Sold out" : `${stock.available} left`;
}

/** The order form has fewer units than the buyer chose. */
export const loweredText = (left: number): string => `Only ${left} left, so that's your quantity.`;

/** The name of a group of pictures. */
export const picturesLabel = (name: string): string => `Pictures of ${name}`;

/** The alternative text of a picture without one of its own. */
export const pictureText = (name: string, number: number, count: number): string =>
  count === 1 ? name : `${name}, picture ${number} of ${count}`;

/** The name of a thing, with its option unless the name has it: "Runner 42", "Runner · 42". */
export const itemName = ({
  name,
  option,
}: {
  name: string;
  option?: string | undefined;
}): string =>
  option === undefined || ` ${name} `.includes(` ${option} `) ? name : `${name} · ${option}`;
