// What a shop's code does with the client, as functions that run in Node and in Chromium alike. Each returns plain values.
import { ApiError, createClient, NoAnswerError } from "../../src/client/index.ts";

export interface Shop {
  baseUrl: string;
  token: string;
  saleId: string;
  skuId: string;
}

type Fetch = typeof fetch;
type Sent = { method: string; key: string | null; retry: string | null };

/** A network that treats the nth request to buy as `faults[n]` says, and records what was sent. */
function faulty(faults: ("lost-answer" | "lost-request" | "busy-for-long" | 429 | 503)[]) {
  const sent: Sent[] = [];
  const send = (async (url: string, init: RequestInit) => {
    if (init.method !== "POST") return fetch(url, init);
    const headers = new Headers(init.headers);
    const [key, retry] = [headers.get("idempotency-key"), headers.get("idempotency-retry")];
    const fault = faults[sent.push({ method: init.method, key, retry }) - 1];
    if (fault === "lost-request") throw new TypeError("lost");
    if (fault === "busy-for-long") return problem(429, "rate_limited", 3_600);
    if (fault === 429) return problem(fault, "rate_limited", 1);
    if (fault === 503) return problem(fault, "overloaded", 1);
    const answer = await fetch(url, init);
    if (fault === "lost-answer") throw new TypeError("lost");
    return answer;
  }) as unknown as Fetch;
  return { send, sent };
}

const problem = (status: number, code: string, retryAfter: number) =>
  new Response(JSON.stringify({ code, detail: "later" }), {
    status,
    headers: { "retry-after": `${retryAfter}` },
  });

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

/** Gives up without an answer, and asks again with the key of the error, as after a restart of an app. */
async function askAgain({ baseUrl, token, skuId }: Shop) {
  const { send } = faulty(["lost-answer", "busy-for-long"]);
  const given = createClient({ baseUrl, token, fetch: send }).buy(skuId);
  const key = await given.catch((error) => (error as NoAnswerError).key ?? "none");
  const client = createClient({ baseUrl, token });
  const again = await client.buy(skuId, { key: String(key), isRepeat: true });
  const { orders } = await client.orders.list();
  return orders.map(({ id }) => id === again.id);
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

/** What the test gives to the page: it hears once the buyer has seen that it is not their turn. */
export interface Heard {
  onWaiting?(): void;
}

/** Joins the line, waits, and buys at its turn. */
async function buyInLine({ baseUrl, token, saleId, skuId }: Shop) {
  const { send, sent } = faulty([]);
  const looks: boolean[] = [];
  let before = 0;
  const onLine = ({ frontier }: { frontier: number }, { place }: { place: number | null }) => {
    looks.push(place !== null && place <= frontier);
    if (looks.length > 1) return;
    before = sent.filter(({ key }) => key !== null).length;
    (globalThis as Heard).onWaiting?.();
  };
  const client = createClient({ baseUrl, token, fetch: send });
  const order = await client.buy(skuId, { saleId, onLine });
  return { skuId: order.skuId, first: looks[0], last: looks.at(-1), before };
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
