// The groups of routes whose latency is measured: few and fixed, whatever callers ask for.

/** By what follows `/api/sales/{saleId}/`. */
const OF_SALE = new Map([
  ["live", "live"],
  ["line", "line"],
  ["tickets", "line"],
  ["draw", "line"],
  ["visits", "visits"],
]);

/** By what follows `/api/`. */
const API = new Map([
  ["sales", "catalog"],
  ["skus", "buy"],
  ["orders", "orders"],
  ["admin", "admin"],
  ["webhooks", "provider"],
  ["merchant", "provider"],
]);

const PAGES = new Map([
  ["", "pages"],
  ["sales", "pages"],
  ["orders", "orders"],
  ["assets", "assets"],
]);

/** The group of a path. */
export function routeGroup(path: string): string {
  const [, first = "", second = "", third = "", fourth = ""] = path.split("/", 5);
  if (first === "api") {
    return (second === "sales" && OF_SALE.get(fourth)) || (API.get(second) ?? "other");
  }
  if (first === "sales" && third === "skus") return "buy";
  return PAGES.get(first) ?? "other";
}
