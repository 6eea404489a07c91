// Sends the requests of the client: with the buyer's token, a time limit, and retries.
import type { Problem } from "./api.gen.ts";
import { ApiError, NoAnswerError } from "./errors.ts";
import { type Failure, pauseBefore } from "./retry.ts";
import { type Abortable, pause, reasonOf } from "./wait.ts";

/** Gives the buyer's token. `isExpired`: the last one was refused, so a new one is needed. */
export type TokenSource = (about: { isExpired: boolean }) => string | Promise<string>;

export interface TransportOptions {
  /** The address of the deployment, such as `https://drops.shop.example`. */
  baseUrl: string;
  /** The buyer's token, or what gets one from your backend. Only calls about the buyer need it. */
  token?: string | TokenSource;
  /** Another `fetch`. Default: the global one. */
  fetch?: typeof fetch;
}

export interface Sent extends Abortable {
  body?: unknown;
  headers?: Record<string, string>;
  /** Whether the call is about the buyer. */
  isPersonal?: boolean;
  /** Headers of every try after the first. */
  retryHeaders?: Record<string, string>;
}

/** A time limit that is far beyond what the server takes. */
const TIMEOUT_MS = 15_000;

type Tried = { ok: true; body: unknown } | { ok: false; failure: Failure; error: Error };

export class Transport {
  readonly #options: TransportOptions;
  #token: string | undefined;

  constructor(options: TransportOptions) {
    this.#options = { ...options, baseUrl: options.baseUrl.replace(/\/+$/, "") };
  }

  /**
   * Sends a request until it is answered, and returns the body. A refused token is replaced once.
   * @throws {ApiError} the server refuses
   * @throws {NoAnswerError} no try was answered
   */
  async send<Body>(method: string, path: string, sent: Sent = {}): Promise<Body> {
    const { signal, isPersonal, retryHeaders } = sent;
    let isExpired = false;
    for (let tries = 1; ; tries += 1) {
      const authorization = isPersonal ? await this.#authorization(isExpired) : {};
      const headers = { ...sent.headers, ...(tries > 1 ? retryHeaders : {}), ...authorization };
      const tried = await this.#try(method, path, { ...sent, headers });
      if (tried.ok) return tried.body as Body;
      if (tried.failure.status === 401 && isPersonal && !isExpired && this.#canRenew) {
        isExpired = true;
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

  async #authorization(isExpired: boolean): Promise<Record<string, string>> {
    const { token } = this.#options;
    if (typeof token !== "function") return token ? { authorization: `Bearer ${token}` } : {};
    if (isExpired || this.#token === undefined) this.#token = await token({ isExpired });
    return { authorization: `Bearer ${this.#token}` };
  }

  /** One request. A network failure is a value. @throws the reason of an aborted signal */
  async #try(method: string, path: string, sent: Sent): Promise<Tried> {
    const { signal, body, headers } = sent;
    if (signal?.aborted) throw reasonOf(signal);
    const controller = new AbortController();
    const stop = () => controller.abort();
    const timer = setTimeout(stop, TIMEOUT_MS);
    signal?.addEventListener("abort", stop);
    try {
      const send = this.#options.fetch ?? globalThis.fetch;
      const init = {
        method,
        headers: {
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        body: body === undefined ? null : JSON.stringify(body),
        // The token says who asks. A cookie would be refused, and might name somebody else.
        credentials: "omit" as const,
        signal: controller.signal,
      };
      const response = await send(`${this.#options.baseUrl}/api${path}`, init);
      return toTried(response, await response.json());
    } catch (cause) {
      if (signal?.aborted) throw reasonOf(signal);
      const error = new NoAnswerError("No usable answer arrived", { cause });
      return { ok: false, failure: { status: 0, retryAfterSeconds: 0 }, error };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }
}

function toTried({ ok, status, headers }: Response, body: unknown): Tried {
  if (ok) return { ok, body };
  const problem = body as Problem;
  const retryAfterSeconds = Math.max(0, Number(headers.get("retry-after")) || 0);
  const failure = { status, code: problem.code, retryAfterSeconds };
  return { ok, failure, error: new ApiError(status, problem, retryAfterSeconds) };
}
