// One request to the API. No answer is an answer: only a mistake of ours throws.
import type { Problem } from "../copy/refusal.ts";
import { observeHeaders } from "./server-clock.ts";

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
  // Not `AbortSignal.timeout`: Safari has it from 16 on.
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), LIMIT_MS);
  const request = new Request(`/api${path}`, {
    method,
    headers: { ...(body ? { "content-type": "application/json" } : {}), ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: limit.signal,
  });
  const heard = await hear<T>(request);
  clearTimeout(timer);
  if (!heard) return { status: 0, ok: false, body: {} as T & Problem, retryAfter: 0 };
  const { status, ok, headers: said } = heard.response;
  observeHeaders(said);
  return { status, ok, body: heard.body, retryAfter: Number(said.get("retry-after")) || 0 };
}

/** Undefined when the network fails. Nothing else is inside the `try`: our own mistakes must be seen. */
async function hear<T>(
  request: Request,
): Promise<{ response: Response; body: T & Problem } | undefined> {
  try {
    const response = await fetch(request);
    return { response, body: await response.json() };
  } catch {
    return undefined;
  }
}

/** Nobody knows whether the server did what it was asked. */
export const isUnknown = ({ status }: Answer<unknown>): boolean => status === 0 || status >= 500;
