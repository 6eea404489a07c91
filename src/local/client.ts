// The HTTP contract from the outside: one typed client for rehearse, bench and the journeys. It
// never throws for a status: an answer is data, and what it ought to be is the caller's business.
import type {
  Answer,
  BankEntry,
  Ledger,
  LedgerOrder,
  LiveAnswer,
  Order,
  OrderList,
  Sale,
  ShownSale,
} from "./api.ts";

export type * from "./api.ts";

/** Who asks: a bearer token and the address they come from (believed on a local instance only). */
export interface Caller {
  token?: string | undefined;
  ip?: string | undefined;
  /** What `visit` gave them: proof that they saw the sale's page. */
  visit?: string | undefined;
}

const CLOCK_LOOKS = 5;

export interface RequestOptions extends Caller {
  headers?: Record<string, string>;
  /** A string is sent as it is, anything else as JSON. */
  body?: unknown;
}

/** Talks to one instance. `adminToken` is needed for the operator's calls only. */
export class Client {
  readonly url: string;
  readonly #adminToken: string;
  #offsetMs = 0;

  constructor(url: string, adminToken = "") {
    this.url = url.replace(/\/+$/, "");
    this.#adminToken = adminToken;
  }

  /** Sends one request. Rejects only when no answer came: connection refused, cut, or timed out. */
  async send<Body = unknown>(
    method: string,
    path: string,
    { token, ip, visit, headers, body }: RequestOptions = {},
  ): Promise<Answer<Body>> {
    const sent = {
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(ip !== undefined && { "cf-connecting-ip": ip }),
      ...(visit !== undefined && { "visit-token": visit }),
      ...headers,
    };
    const start = performance.now();
    const sentAt = this.now();
    const response = await fetch(this.url + path, {
      method,
      headers: sent,
      body: body === undefined || typeof body === "string" ? (body ?? null) : JSON.stringify(body),
      redirect: "manual",
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    const ms = performance.now() - start;
    const { status, headers: received } = response;
    return { method, path, status, headers: received, body: parsed(text) as Body, sentAt, ms };
  }

  /** The server's time in milliseconds, as far as `syncClock` could find out. */
  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** Learns the server's clock from the quickest of some looks at it. Returns the possible error in ms. */
  async syncClock(): Promise<number> {
    let errorMs = Number.POSITIVE_INFINITY;
    for (let look = 0; look < CLOCK_LOOKS; look += 1) {
      const sent = Date.now();
      const { now } = expectOk(await this.send<{ now: number }>("GET", "/api/time"));
      const received = Date.now();
      if ((received - sent) / 2 < errorMs) {
        errorMs = (received - sent) / 2;
        this.#offsetMs = now - (sent + received) / 2;
      }
    }
    return errorMs;
  }

  /** Demo login: a token for `user`. */
  login(user: string, caller: Caller = {}): Promise<Answer<{ token: string }>> {
    return this.send("POST", "/api/login", { ...caller, body: { user } });
  }

  /** What the sale page's script fetches. */
  visit(saleId: string, caller: Caller): Promise<Answer<{ token: string }>> {
    return this.send("POST", `/api/sales/${saleId}/visits`, caller);
  }

  /** Reserves units. `body` is the order's wish, `{ quantity: 1 }` for most. */
  order(sku: string, key: string, caller: Caller, body: unknown = { quantity: 1 }) {
    const headers = { "idempotency-key": key };
    return this.send<Order>("POST", `/api/skus/${sku}/orders`, { ...caller, headers, body });
  }

  pay(id: string, paymentToken: string, caller: Caller): Promise<Answer<Order>> {
    return this.send("POST", `/api/orders/${id}/payment`, { ...caller, body: { paymentToken } });
  }

  /** Gives a reserved order back. */
  cancel(id: string, caller: Caller): Promise<Answer<Order>> {
    return this.send("DELETE", `/api/orders/${id}`, caller);
  }

  readOrder(id: string, caller: Caller): Promise<Answer<Order>> {
    return this.send("GET", `/api/orders/${id}`, caller);
  }

  /** The newest of the caller's orders: one page. */
  readOrders(caller: Caller): Promise<Answer<OrderList>> {
    return this.send("GET", "/api/orders", caller);
  }

  sales(): Promise<Answer<{ sales: ShownSale[] }>> {
    return this.send("GET", "/api/sales");
  }

  /** The live stock of a sale. */
  live(saleId: string): Promise<Answer<LiveAnswer>> {
    return this.send("GET", `/api/sales/${saleId}/live`);
  }

  /** An operator's call; `path` starts behind `/api/admin`. */
  admin<Body = unknown>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<Body>> {
    return this.send(method, `/api/admin${path}`, { token: this.#adminToken, body, headers });
  }

  putSale(sale: Sale): Promise<Answer> {
    return this.admin("PUT", `/sales/${sale.id}`, sale);
  }

  /** The SKU's truth: its units by state. */
  async ledger(sku: string): Promise<Ledger> {
    return expectOk(await this.admin<Ledger>("GET", `/skus/${sku}/ledger`));
  }

  /** Every order the SKU's ledger holds, page by page. */
  async ledgerOrders(sku: string): Promise<LedgerOrder[]> {
    const orders: LedgerOrder[] = [];
    let query = "";
    do {
      const path = `/skus/${sku}/orders${query}`;
      const page = expectOk(
        await this.admin<{ orders: LedgerOrder[]; cursor?: string }>("GET", path),
      );
      orders.push(...page.orders);
      query = page.cursor === undefined ? "" : `?cursor=${encodeURIComponent(page.cursor)}`;
    } while (query !== "");
    return orders;
  }

  /** The bank's books about a SKU's orders, by order id; undefined where the sandbox is not in use. */
  async sandboxPayments(sku: string): Promise<Map<string, BankEntry> | undefined> {
    const books = new Map<string, BankEntry>();
    for (let after = `${sku}.`; ; ) {
      const path = `/sandbox/payments?after=${encodeURIComponent(after)}`;
      const answer = await this.admin<{ payments: BankEntry[] }>("GET", path);
      if (answer.status === 404) {
        return undefined;
      }
      const page = expectOk(answer).payments;
      const ours = page.filter(({ orderId }) => orderId.startsWith(`${sku}.`));
      for (const entry of ours) {
        books.set(entry.orderId, entry);
      }
      // Ids begin with their SKU, so what belongs together stands together.
      if (ours.length < page.length || page.length === 0) {
        return books;
      }
      after = page.at(-1)?.orderId ?? "";
    }
  }
}

/** The body of a 2xx answer; anything else is an error that quotes the answer. */
export function expectOk<Body>(answer: Answer<Body>): Body {
  if (answer.status < 200 || answer.status > 299) {
    const { method, path, status, body } = answer;
    throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(body)}`);
  }
  return answer.body;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
