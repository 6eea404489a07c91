// One request to the API. Never throws: no answer is an answer too.
import { observeHeaders } from "./clock.ts";
import type { Challenge } from "./turnstile.ts";
import type { OrderLike } from "./words.ts";

export interface Order extends OrderLike {
  id: string;
  skuId: string;
  quantity: number;
  unitPrice: { amount: number; currency: string };
  expiresAt: string;
  version: number;
}

/** problem+json, as far as pages use it. */
export interface Problem {
  code?: string;
  title?: string;
  detail?: string;
  opensAt?: string;
  available?: number;
  orderIds?: string[];
  challenge?: Challenge;
}

/** `status` 0: no answer came, and nobody knows whether the request did. */
export interface Answer<T> {
  status: number;
  ok: boolean;
  body: T & Problem;
  retryAfter: number;
}

const LIMIT_MS = 10_000;

export async function call<T>(
  method: string,
  path: string,
  { body, headers }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer<T>> {
  try {
    const response = await fetch(`/api${path}`, {
      method,
      headers: { ...(body ? { "content-type": "application/json" } : {}), ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    observeHeaders(response.headers);
    const { status, ok } = response;
    const retryAfter = Number(response.headers.get("retry-after")) || 0;
    return { status, ok, body: await response.json(), retryAfter };
  } catch {
    return { status: 0, ok: false, body: {} as T & Problem, retryAfter: 0 };
  }
}

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** Spreads what many browsers would do in the same moment. */
export const jitter = (ms: number): number => Math.random() * ms;

/** Waits for `ms`, or less when the browser comes back online meanwhile. */
export function pauseOrOnline(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
  });
}
