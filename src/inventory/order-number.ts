// The short number of an order, for people: to read out on the phone, and to find. It follows from the id, so nothing is stored.

/** 32 symbols without I, L, O and U, which look like others. */
export const NUMBER_SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 8;
const FORM = /^[\dA-Z]{4}[ -]?[\dA-Z]{4}$/;
/** What people write for another symbol. */
const MEANT: Record<string, string> = { O: "0", I: "1", L: "1", U: "V" };

/**
 * The number of an order: the first 40 of the random bits of its id, such as `K7QF-2M9X`. Numbers are not unique: one that is
 * known has another owner among a million orders with a chance of one in a million, and two of a million orders share theirs
 * with a chance of about a third. So a search shows all matches.
 */
export function numberOf(orderId: string): string {
  const random = orderId.slice(orderId.lastIndexOf(".") + 1);
  const symbols = Array.from({ length: LENGTH }, (_, at) => {
    return NUMBER_SYMBOLS[Number.parseInt(random[at] ?? "0", 32)] ?? "0";
  }).join("");
  return `${symbols.slice(0, 4)}-${symbols.slice(4)}`;
}

/**
 * The random part of the ids of orders with this number, as far as the number says it. Undefined if the text is no number.
 * Case, a missing dash, and look-alikes do not matter.
 */
export function randomPartOf(number: string): string | undefined {
  const text = number.trim().toUpperCase();
  if (!FORM.test(text)) return undefined;
  const symbols = [...text.replace(/[ -]/, "")].map((symbol) => MEANT[symbol] ?? symbol);
  return symbols.map((symbol) => NUMBER_SYMBOLS.indexOf(symbol).toString(32)).join("");
}
