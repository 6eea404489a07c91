// Sends the requests of one operation, such as buying: with the buyer's token, a time limit, and retries.
import type { Problem } from "./api.gen.ts";
import { ApiError, failureOf, NoAnswerError } from "./errors.ts";
import { type Failure, isAnswer, isUnknown, pauseBefore } from "./retry.ts";
import { type Abortable, pause, reasonOf, within } from "./wait.ts";

/** Gives the buyer's token. `isExpired`: the last one was refused, so a new one is needed. */
export type TokenSource = (about: { isExpired: boolean }) => string | Promise<string>;

export interface TransportOptions {
  /** The address of the deployment, such as `https://drops.shop.example`. */
  baseUrl: string;
  /**
   * The buyer's token, or what gets one from your backend. Only calls about the buyer need it. Each call asks anew, because
   * somebody else may have signed in; its requests share the token.
   */
  token?: string | TokenSource;
  /** Another `fetch`. Default: the global one. */
  fetch?: typeof fetch;
}

/** A change that is made once, however often it is sent. */
export interface Change {
  /** The idempotency key, where the route takes one. */
  key?: string;
  /** An earlier call, whose answer was lost, may have made it. */
  isRepeat?: boolean;
}

export interface Sent extends Abortable {
  body?: unknown;
  headers?: Record<string, string>;
  /** Whether the call is about the buyer. */
  isPersonal?: boolean;
  /** Set if the call changes an order. */
  change?: Change;
}

/** A time limit that is far beyond what the server and the source of tokens take. */
const TIMEOUT_MS = 15_000;

type Tried = { ok: true; body: unknown } | { ok: false; failure: Failure; error: Error };

/** Whether a change may have been made although no answer says so. */
interface Doubt {
  isOpen: boolean;
}

export class Transport {
  readonly #options: TransportOptions;
  #token: string | undefined;

  /** @throws {TypeError} the address is not complete */
  constructor(options: TransportOptions) {
    if (!/^https?:\/\/\w/i.test(options.baseUrl))
      throw new TypeError("baseUrl must be a complete address, such as https://drops.shop.example");
    this.#options = { ...options, baseUrl: options.baseUrl.replace(/\/+$/, "") };
  }

  /**
   * Sends a request until it is answered, and returns the body. A refused token is replaced once.
   * @throws {ApiError} the server refuses, and no change was made
   * @throws {NoAnswerError} no try was answered, or a change may have been made all the same
   */
  async send<Body>(method: string, path: string, sent: Sent = {}): Promise<Body> {
    const { change, signal } = sent;
    const doubt = { isOpen: change?.isRepeat ?? false };
    try {
      return (await this.#untilAnswered(method, path, sent, doubt)) as Body;
    } catch (error) {
      const isKnown = error instanceof ApiError && isAnswer(failureOf(error));
      if (!change || !doubt.isOpen || isKnown || signal?.aborted) throw error;
      const cause = error instanceof NoAnswerError ? error.cause : error;
      throw new NoAnswerError("It is not known whether the request was carried out", {
        cause,
        key: change.key,
      });
    }
  }

  async #untilAnswered(method: string, path: string, sent: Sent, doubt: Doubt): Promise<unknown> {
    const { isPersonal = false, signal } = sent;
    let isRenewed = false;
    for (let tries = 1; ; tries += 1) {
      if (isPersonal && this.#token === undefined) await this.#askToken(false, signal);
      const tried = await this.#try(method, path, sent, doubt);
      if (tried.ok) return tried.body;
      doubt.isOpen ||= isUnknown(tried.failure);
      if (tried.failure.status === 401 && isPersonal && !isRenewed && this.#canRenew) {
        isRenewed = true;
        await this.#askToken(true, signal);
        continue;
      }
      const wait = pauseBefore(tried.failure, tries, Math.random());
      if (wait === undefined) throw tried.error;
      await pause(wait, signal);
    }
  }

  get #canRenew(): boolean {
    return typeof this.#options.token === "function";
  }

  /** @throws what the source throws, or an error if it gives nothing in time */
  async #askToken(isExpired: boolean, signal: AbortSignal | undefined): Promise<void> {
    const { token } = this.#options;
    const ask = async () => (typeof token === "function" ? token({ isExpired }) : token);
    this.#token = await within(TIMEOUT_MS, ask(), signal);
  }

  /** One request. A network failure is a value. @throws the reason of an aborted signal */
  async #try(method: string, path: string, sent: Sent, doubt: Doubt): Promise<Tried> {
    const { signal } = sent;
    if (signal?.aborted) throw reasonOf(signal);
    const ends = new AbortController();
    const init = { ...this.#initOf(sent, doubt), method, signal: ends.signal };
    const send = this.#options.fetch ?? globalThis.fetch;
    const url = `${this.#options.baseUrl}/api${path}`;
    try {
      return await within(TIMEOUT_MS, send(url, init).then(toTried), signal);
    } catch (cause) {
      if (signal?.aborted) throw reasonOf(signal);
      return noAnswer(cause, 0);
    } finally {
      ends.abort();
    }
  }

  #initOf({ body, headers, isPersonal, change }: Sent, { isOpen }: Doubt) {
    return {
      headers: carried({
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
        ...(change?.key === undefined ? {} : { "idempotency-key": change.key }),
        // Only the ledger has the order of an earlier try, so the edge must not answer a repeat from memory. A first try
        // does without: the look costs a call of the ledger.
        ...(change?.key !== undefined && isOpen ? { "idempotency-retry": "true" } : {}),
        ...(isPersonal && this.#token ? { authorization: `Bearer ${this.#token}` } : {}),
      }),
      body: body === undefined ? null : JSON.stringify(body),
      // The token says who asks. A cookie would be refused, and might name somebody else.
      credentials: "omit" as const,
    };
  }
}

/** @throws {TypeError} no header can carry a value, such as that of a token. No repeat of the request would mend it. */
function carried(headers: Record<string, string>): Record<string, string> {
  for (const [name, value] of Object.entries(headers)) {
    if (!CARRIED.test(value))
      throw new TypeError(`${name} has characters that no header can carry`);
  }
  return headers;
}

/** What `fetch` takes as the value of a header: Latin-1 without control characters. */
const CARRIED = /^[\t\x20-\x7e\x80-\xff]*$/;

const noAnswer = (cause: unknown, retryAfterSeconds: number): Tried => ({
  ok: false,
  failure: { status: 0, retryAfterSeconds },
  error: new NoAnswerError("No usable answer arrived", { cause }),
});

/** What a proxy or a sign-in page of the network answers instead of the server is no answer. */
async function toTried(response: Response): Promise<Tried> {
  const { ok, status, headers } = response;
  const retryAfterSeconds = retryAfterOf(headers);
  let body: unknown;
  try {
    body = await response.json();
  } catch (cause) {
    return noAnswer(cause, retryAfterSeconds);
  }
  if (ok) return { ok, body };
  if (!isProblem(body)) return noAnswer(new Error(`HTTP ${status}`), retryAfterSeconds);
  const error = new ApiError(status, body, retryAfterSeconds);
  return { ok, failure: failureOf(error), error };
}

/** Seconds. 0 if none are named. Proxies may name a time instead, by the clock that their answer shows, if it may be read. */
function retryAfterOf(headers: Headers): number {
  const text = headers.get("retry-after") ?? "";
  const now = Date.parse(headers.get("date") ?? "") || Date.now();
  const until = (Date.parse(text) - now) / 1_000;
  return Math.max(0, Number.isNaN(Number(text)) ? Math.ceil(until) || 0 : Number(text));
}

const isProblem = (body: unknown): body is Problem =>
  typeof (body as Partial<Problem> | null)?.code === "string";
