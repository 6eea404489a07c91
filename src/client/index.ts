// The typed client of the API for shops. Runs in browsers, Node and React Native, and has no dependencies.
import type { Sale, SaleList } from "./api.gen.ts";
import { type BuyOptions, buy } from "./buy.ts";
import { ServerClock } from "./clock.ts";
import { type WaitOptions, waitInLine } from "./line.ts";
import { LiveStock } from "./live.ts";
import { Orders } from "./orders.ts";
import { Transport, type TransportOptions } from "./transport.ts";
import type { Abortable } from "./wait.ts";

export type * from "./api.gen.ts";
export { type BuyOptions, newKey } from "./buy.ts";
export { ApiError, type ErrorCode, NoAnswerError } from "./errors.ts";
export type { WaitOptions } from "./line.ts";
export type { LiveListener } from "./live.ts";
export { isFinal } from "./orders.ts";
export type { TokenSource, TransportOptions } from "./transport.ts";

export type Client = ReturnType<typeof createClient>;

/**
 * A client of one deployment. Requests are repeated until they are answered, under the same key, and as `Retry-After` asks.
 *
 * @example
 * const client = createClient({ baseUrl: "https://drops.shop.example", token: () => fetchToken() });
 * const order = await client.buy("runner-42", { saleId: "spring-drop" });
 */
export function createClient(options: TransportOptions) {
  /** For calls about nobody. A call about the buyer has its own, which asks for the token. */
  const transport = new Transport(options);
  const open = () => new Transport(options);
  const clock = new ServerClock(transport);
  const unanswered = new Set<string>();
  return {
    /** The server's clock. */
    clock,
    /** The live stock of sales. */
    live: new LiveStock(transport, clock),
    /** The buyer's orders. */
    orders: new Orders(open),
    /** One page of the listed sales. */
    sales: ({ cursor, signal }: Abortable & { cursor?: string } = {}): Promise<SaleList> => {
      const query = cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`;
      return transport.send("GET", `/sales${query}`, { signal });
    },
    sale: (saleId: string, { signal }: Abortable = {}): Promise<Sale> =>
      transport.send("GET", `/sales/${encodeURIComponent(saleId)}`, { signal }),
    /** Proves that the buyer opened the screen of a sale. Send the token with the order, as `visitToken`. */
    visit: async (saleId: string, { signal }: Abortable = {}): Promise<string> => {
      const path = `/sales/${encodeURIComponent(saleId)}/visits`;
      return (await transport.send<{ token: string }>("POST", path, { signal })).token;
    },
    waitInLine: (saleId: string, waiting?: WaitOptions) => waitInLine(open(), saleId, waiting),
    buy: (skuId: string, buying?: BuyOptions) => buy(open(), unanswered, skuId, buying),
  };
}
