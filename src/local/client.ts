// The HTTP contract from the outside: one typed client for rehearse, bench and the journeys. It
// never throws for a status: an answer is data, and what it ought to be is the caller's business.

/** What came back, with the milliseconds from sending the request to the last byte of its body. */
export interface Answer<Body = unknown> {
  method: string;
  path: string;
  status: number;
  headers: Headers;
  body: Body;
  ms: number;
}

export interface Money {
  amount: number;
  currency: string;
}

export interface Order {
  id: string;
  saleId: string;
  skuId: string;
  quantity: number;
  unitPrice: Money;
  status: "reserved" | "confirmed" | "cancelled" | "expired" | "refunded";
  createdAt: string;
  expiresAt: string;
  version: number;
}

/** An order as the operator sees it. */
export interface LedgerOrder extends Order {
  userId: string;
}

export interface Sku {
  id: string;
  name: string;
  unitPrice: Money;
  stock: number;
  perUserLimit: number;
  holdSeconds: number;
}

export interface Sale {
  id: string;
  title: string;
  description: string;
  opensAt: string;
  closesAt: string;
  admission: { mode: string };
  skus: Sku[];
}

export interface Ledger {
  stocked: number;
  available: number;
  held: number;
  sold: number;
  unacknowledged: number;
}

/** Who asks: a bearer token and the address they come from (believed on a local instance only). */
export interface Caller {
  token?: string | undefined;
  ip?: string | undefined;
}

export interface RequestOptions extends Caller {
  headers?: Record<string, string>;
  /** A string is sent as it is, anything else as JSON. */
  body?: unknown;
}

/** Talks to one instance. `adminToken` is needed for the operator's calls only. */
export class Client {
  readonly url: string;
  readonly #adminToken: string;

  constructor(url: string, adminToken = "") {
    this.url = url.replace(/\/+$/, "");
    this.#adminToken = adminToken;
  }

  /** Sends one request. Rejects only when no answer came: connection refused, cut, or timed out. */
  async send<Body = unknown>(
    method: string,
    path: string,
    { token, ip, headers, body }: RequestOptions = {},
  ): Promise<Answer<Body>> {
    const sent = {
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(ip !== undefined && { "cf-connecting-ip": ip }),
      ...headers,
    };
    const start = performance.now();
    const response = await fetch(this.url + path, {
      method,
      headers: sent,
      body: body === undefined || typeof body === "string" ? (body ?? null) : JSON.stringify(body),
      redirect: "manual",
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    const ms = performance.now() - start;
    const answer = { method, path, status: response.status, headers: response.headers, ms };
    return { ...answer, body: parsed(text) as Body };
  }

  /** Demo login: a token for `user`. */
  login(user: string, caller: Caller = {}): Promise<Answer<{ token: string }>> {
    return this.send("POST", "/api/login", { ...caller, body: { user } });
  }

  /** Reserves units. `body` is the order's wish, `{ quantity: 1 }` for most. */
  order(sku: string, key: string, caller: Caller, body: unknown = { quantity: 1 }) {
    const headers = { "idempotency-key": key };
    return this.send<Order>("POST", `/api/skus/${sku}/orders`, { ...caller, headers, body });
  }

  readOrder(id: string, caller: Caller): Promise<Answer<Order>> {
    return this.send("GET", `/api/orders/${id}`, caller);
  }

  readOrders(caller: Caller): Promise<Answer<{ orders: Order[] }>> {
    return this.send("GET", "/api/orders", caller);
  }

  sales(): Promise<Answer<{ sales: Sale[] }>> {
    return this.send("GET", "/api/sales");
  }

  /** An operator's call; `path` starts behind `/api/admin`. */
  admin<Body = unknown>(method: string, path: string, body?: unknown): Promise<Answer<Body>> {
    return this.send(method, `/api/admin${path}`, { token: this.#adminToken, body });
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
