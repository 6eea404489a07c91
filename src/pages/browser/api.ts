// API requests. A network failure is a value (status 0), not an exception: only a bug throws.
import type { Problem } from "../copy/refusal.ts";
import { observeHeaders } from "./server-clock.ts";

/** A response of the API. `status` 0: none arrived, and the request may or may not have reached the server. */
export interface ApiResponse<T> {
  status: number;
  ok: boolean;
  body: T & Problem;
  retryAfter: number;
}

const TIMEOUT_MS = 10_000;

export async function call<T>(
  method: string,
  path: string,
  { body, headers }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<ApiResponse<T>> {
  // Not `AbortSignal.timeout`, which Safari 15 lacks.
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), TIMEOUT_MS);
  const request = new Request(`/api${path}`, {
    method,
    headers: { ...(body ? { "content-type": "application/json" } : {}), ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: controller.signal,
  });
  const result = await fetchJson<T>(request);
  clearTimeout(timer);
  if (!result) return { status: 0, ok: false, body: {} as T & Problem, retryAfter: 0 };
  const { status, ok, headers: received } = result.response;
  observeHeaders(received);
  return { status, ok, body: result.body, retryAfter: Number(received.get("retry-after")) || 0 };
}

/** Undefined if the network fails. The `try` contains nothing else, so that bugs are not mistaken for that. */
async function fetchJson<T>(
  request: Request,
): Promise<{ response: Response; body: T & Problem } | undefined> {
  try {
    const response = await fetch(request);
    return { response, body: await response.json() };
  } catch {
    return undefined;
  }
}

/** Whether the server may or may not have carried out the request. */
export const isUnknown = ({ status }: ApiResponse<unknown>): boolean =>
  status === 0 || status >= 500;
