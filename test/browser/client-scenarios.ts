// What a shop's code does with the client, as functions that run in Node and in Chromium alike. Each returns plain values.
import { ApiError, createClient, NoAnswerError, newKey } from "../../src/client/index.ts";

export interface Shop {
  baseUrl: string;
  token: string;
  saleId: string;
  skuId: string;
}

type Fetch = typeof fetch;
type Sent = { method: string; key: string | null; retry: string | null };

/** A network that treats the nth request to buy as `faults[n]` says, and records what was sent. */
function faulty(faults: ("lost-answer" | "lost-request" | 429 | 503)[]) {
  const sent: Sent[] = [];
  const send = (async (url: string, init: RequestInit) => {
    if (init.method !== "POST") return fetch(url, init);
    const headers = new Headers(init.headers);
    const [key, retry] = [headers.get("idempotency-key"), headers.get("idempotency-retry")];
    const fault = faults[sent.push({ method: init.method, key, retry }) - 1];
    if (fault === "lost-request") throw new TypeError("lost");
    if (typeof fault === "number") {
      const problem = { code: fault === 429 ? "rate_limited" : "overloaded", detail: "later" };
      const more = { status: fault, headers: { "retry-after": "1" } };
      return new Response(JSON.stringify(problem), more);
    }
    const answer = await fetch(url, init);
    if (fault === "lost-answer") throw new TypeError("lost");
    return answer;
  }) as unknown as Fetch;
  return { send, sent };
}

const failureOf = (error: unknown) =>
  error instanceof ApiError
    ? { code: error.code, status: error.status }
    : { code: error instanceof NoAnswerError ? "no-answer" : String(error), status: 0 };

/** Buys through a network that loses answers and is busy. */
async function buyThroughFaults({ baseUrl, token, skuId }: Shop) {
  const { send, sent } = faulty(["lost-answer", 503, 429, "lost-request"]);
  const client = createClient({ baseUrl, token, fetch: send });
  const bought = await client.buy(skuId);
  const settled = await client.orders.until(bought.id);
  const { orders } = await client.orders.list();
  const keys = new Set(sent.map(({ key }) => key)).size;
  const retries = sent.map(({ retry }) => retry);
  return { keys, retries, status: settled.status, ids: orders.map(({ id }) => id === bought.id) };
}

/** Asks again with the key of an earlier attempt, as after a restart of an app. */
async function askAgain({ baseUrl, token, skuId }: Shop) {
  const client = createClient({ baseUrl, token });
  const key = newKey();
  const first = await client.buy(skuId, { key });
  const second = await client.buy(skuId, { key });
  return first.id === second.id;
}

async function refusal({ baseUrl, token, skuId }: Shop) {
  const client = createClient({ baseUrl, token });
  return client.buy(skuId).then(() => ({ code: "", status: 202 }), failureOf);
}

/** Buys with a token that has expired, and a backend that gives a new one. */
async function renewToken({ baseUrl, token, skuId }: Shop) {
  const asked: boolean[] = [];
  const source = ({ isExpired }: { isExpired: boolean }) => {
    asked.push(isExpired);
    return isExpired ? token : "expired.token.here";
  };
  const { status } = await createClient({ baseUrl, token: source }).buy(skuId);
  return { asked, status: status === "reserved" || status === "confirmed" };
}

/** Joins the line, waits, and buys at its turn. */
async function buyInLine({ baseUrl, token, saleId, skuId }: Shop) {
  const order = await createClient({ baseUrl, token }).buy(skuId, { saleId });
  return order.skuId;
}

/** Two listeners of one sale share its poll. */
async function shareLive({ baseUrl, saleId, skuId }: Shop) {
  let requests = 0;
  const counted = ((url: string, init: RequestInit) => {
    requests += 1;
    return fetch(url, init);
  }) as unknown as Fetch;
  const { live } = createClient({ baseUrl, fetch: counted });
  const ends: (() => void)[] = [];
  const hear = () =>
    new Promise<string | undefined>((resolve) => {
      ends.push(live.subscribe(saleId, ({ skus }) => resolve(skus[0]?.id)));
    });
  const heard = await Promise.all([hear(), hear()]);
  for (const end of ends) end();
  return { requests, heard: heard.every((id) => id === skuId) };
}

/** Milliseconds between the server's clock and the client's estimate, on a device whose clock is wrong by hours. */
async function clockOffset({ baseUrl }: Shop) {
  const right = Date.now;
  Date.now = () => right() - 5 * 3_600_000;
  try {
    const { clock } = createClient({ baseUrl });
    await clock.sync();
    return Math.abs(clock.now() - right());
  } finally {
    Date.now = right;
  }
}

/** Ends a call that waits for its next try. */
async function abort({ baseUrl, token, skuId }: Shop) {
  const controller = new AbortController();
  const send = (async () => {
    controller.abort();
    throw new TypeError("lost");
  }) as unknown as Fetch;
  const client = createClient({ baseUrl, token, fetch: send });
  return client.buy(skuId, { signal: controller.signal }).then(
    () => "bought",
    (error) => (error as Error).name,
  );
}

export const SCENARIOS = {
  buyThroughFaults,
  askAgain,
  refusal,
  renewToken,
  buyInLine,
  shareLive,
  clockOffset,
  abort,
};
