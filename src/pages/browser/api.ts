// One request to the API. Never throws: no answer is an answer too.

import { observeHeaders } from "./clock.ts";
import type { Problem } from "./words/refusal.ts";

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

/** Nobody knows whether the server did what it was asked. */
export const isUnknown = ({ status }: Answer<unknown>): boolean => status === 0 || status >= 500;
