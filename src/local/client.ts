// A typed client of the HTTP API for rehearse, bench and the journey tests. It does not throw on an error status:
// callers check the status they expect.
import type {
  Answer,
  BankEntry,
  Ledger,
  LedgerOrder,
  LedgerOrderList,
  LiveAnswer,
  Order,
  OrderList,
  PublicLine,
  SaleInput,
  SaleList,
  SandboxPayments,
  ShownPayment,
  TicketAnswer,
  TokenBody,
} from "./api.ts";

export type * from "./api.ts";

export interface Caller {
  /** Bearer token. */
  token?: string | undefined;
  /** Client address. Only a local instance trusts it. */
  ip?: string | undefined;
  /** Visit token from `visit`: proof that the caller loaded the sale page. */
  visit?: string | undefined;
}

const CLOCK_SAMPLES = 5;

export interface RequestOptions extends Caller {
  headers?: Record<string, string>;
  /** Strings are sent unchanged, other values as JSON. */
  body?: unknown;
}

/** Client of one instance. Only the operator's calls need `adminToken`. */
export class Client {
  readonly url: string;
  readonly #adminToken: string;
  #offsetMs = 0;

  constructor(url: string, adminToken = "") {
    this.url = url.replace(/\/+$/, "");
    this.#adminToken = adminToken;
  }

  /** Sends one request. Rejects only without a response: connection refused, reset, or timed out. */
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

  /** The server's time as estimated by `syncClock`: milliseconds since 1970. */
  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** Estimates the server's clock from the fastest of several round trips. Returns the maximum error in ms. */
  async syncClock(): Promise<number> {
    let errorMs = Number.POSITIVE_INFINITY;
    for (let sample = 0; sample < CLOCK_SAMPLES; sample += 1) {
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

  /** Demo login: returns a token for `user`. */
  login(user: string, caller: Caller = {}): Promise<Answer<TokenBody>> {
    return this.send("POST", "/api/login", { ...caller, body: { user } });
  }

  /** Fetches a visit token, as the script of the sale page does. */
  visit(saleId: string, caller: Caller): Promise<Answer<TokenBody>> {
    return this.send("POST", `/api/sales/${saleId}/visits`, caller);
  }

  /** Reserves units. `key` is the idempotency key. */
  order(sku: string, key: string, caller: Caller, body: unknown = { quantity: 1 }) {
    const headers = { "idempotency-key": key };
    return this.send<Order>("POST", `/api/skus/${sku}/orders`, { ...caller, headers, body });
  }

  pay(id: string, paymentToken: string, caller: Caller): Promise<Answer<Order>> {
    return this.send("POST", `/api/orders/${id}/payment`, { ...caller, body: { paymentToken } });
  }

  /** Reads the state of an order's payment. */
  payment(id: string, caller: Caller): Promise<Answer<ShownPayment>> {
    return this.send("GET", `/api/orders/${id}/payment`, caller);
  }

  /** Cancels a reserved order. */
  cancel(id: string, caller: Caller): Promise<Answer<Order>> {
    return this.send("DELETE", `/api/orders/${id}`, caller);
  }

  readOrder(id: string, caller: Caller): Promise<Answer<Order>> {
    return this.send("GET", `/api/orders/${id}`, caller);
  }

  /** Reads the first page of the caller's orders, newest first. */
  readOrders(caller: Caller): Promise<Answer<OrderList>> {
    return this.send("GET", "/api/orders", caller);
  }

  /** Reads one page of published sales: the first, or the one at `cursor`. */
  sales(cursor?: string): Promise<Answer<SaleList>> {
    const query = cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    return this.send("GET", `/api/sales${query}`);
  }

  /** Reads the live stock of a sale. */
  live(saleId: string): Promise<Answer<LiveAnswer>> {
    return this.send("GET", `/api/sales/${saleId}/live`);
  }

  /** Joins the line of a sale, or shows the ticket that the caller has. */
  ticket(saleId: string, caller: Caller, ticket?: string): Promise<Answer<TicketAnswer>> {
    const body = ticket === undefined ? {} : { ticket };
    return this.send("POST", `/api/sales/${saleId}/tickets`, { ...caller, body });
  }

  /** Reads the line of a sale. */
  line(saleId: string): Promise<Answer<PublicLine>> {
    return this.send("GET", `/api/sales/${saleId}/line`);
  }

  /** Reads what a sale has published about its draw, for `verifyDraw`. */
  draw(saleId: string): Promise<Answer> {
    return this.send("GET", `/api/sales/${saleId}/draw`);
  }

  /** Sends an operator's request. `path` is relative to `/api/admin`. */
  admin<Body = unknown>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<Body>> {
    return this.send(method, `/api/admin${path}`, { token: this.#adminToken, body, headers });
  }

  putSale(sale: SaleInput): Promise<Answer> {
    return this.admin("PUT", `/sales/${sale.id}`, sale);
  }

  /** Reads the SKU's units by state from its ledger. */
  async ledger(sku: string): Promise<Ledger> {
    return expectOk(await this.admin<Ledger>("GET", `/skus/${sku}/ledger`));
  }

  /** Reads every order in the SKU's ledger. */
  async ledgerOrders(sku: string): Promise<LedgerOrder[]> {
    const orders: LedgerOrder[] = [];
    let query = "";
    do {
      const path = `/skus/${sku}/orders${query}`;
      const page = expectOk(await this.admin<LedgerOrderList>("GET", path));
      orders.push(...page.orders);
      query = page.cursor === undefined ? "" : `?cursor=${encodeURIComponent(page.cursor)}`;
    } while (query !== "");
    return orders;
  }

  /** Reads the sandbox bank's entries for a SKU, by order id. Throws if the instance has no sandbox. */
  async sandboxPayments(sku: string): Promise<Map<string, BankEntry>> {
    const entries = new Map<string, BankEntry>();
    for (let after = `${sku}.`; ; ) {
      const path = `/sandbox/payments?after=${encodeURIComponent(after)}`;
      const page = expectOk(await this.admin<SandboxPayments>("GET", path)).payments;
      const ours = page.filter(({ orderId }) => orderId.startsWith(`${sku}.`));
      for (const entry of ours) {
        entries.set(entry.orderId, entry);
      }
      // Order ids begin with the SKU id, so a SKU's entries are contiguous.
      if (ours.length < page.length || page.length === 0) {
        return entries;
      }
      after = page.at(-1)?.orderId ?? "";
    }
  }
}

/** Returns the body of a 2xx response. Otherwise throws an error that quotes the response. */
export function expectOk<Body>(answer: Answer<Body>): Body {
  if (answer.status < 200 || answer.status > 299) {
    const { method, path, status, body } = answer;
    throw new Error(`${method} ${path} returned ${status}: ${JSON.stringify(body)}`);
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
