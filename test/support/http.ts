// Sends HTTP requests to the Worker under test. Each request comes from a different address by default.
import { exports } from "cloudflare:workers";
import { ERRORS, type ErrorCode } from "../../src/http/errors.ts";

export const ORIGIN = "https://shop.test";
export const ADMIN_TOKEN = "test-admin-token";
export const VIEWER_TOKEN = "test-viewer-token";
export const SIGNING_SECRET = "test-signing-secret-of-32-characters";

/** A response, with its body read. `body` is parsed JSON, or else the text. */
export interface Answer<Body = Record<string, unknown>> {
  status: number;
  /** The error code of a problem response. */
  code: ErrorCode | undefined;
  body: Body;
  headers: Headers;
}

let addresses = 0;

/** Returns an unused client address, so that tests do not share rate limits. */
export function freshAddress(): string {
  addresses += 1;
  return `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`;
}

export interface CallOptions {
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Builds a request. `body` is sent as JSON. */
export function request(
  method: string,
  path: string,
  { token, body, headers = {} }: CallOptions = {},
) {
  return new Request(new URL(path, ORIGIN), {
    method,
    headers: {
      "cf-connecting-ip": freshAddress(),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Sends a request and reads the response. */
export async function send<Body = Record<string, unknown>>(
  request: Request,
): Promise<Answer<Body>> {
  return read(await exports.default.fetch(request));
}

/** Reads the body of a response. */
export async function read<Body = Record<string, unknown>>(
  response: Response,
): Promise<Answer<Body>> {
  const text = await response.text();
  const isJson = /[/+]json/.test(response.headers.get("content-type") ?? "");
  const body = isJson && text !== "" ? JSON.parse(text) : text;
  const code = response.status >= 400 && isJson ? body.code : undefined;
  return { status: response.status, code, body, headers: response.headers };
}

/** Builds and sends a request. */
export function call<Body = Record<string, unknown>>(
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Answer<Body>> {
  return send<Body>(request(method, path, options));
}

/** Sends a request to the operator's API. `path` is relative to `/api/admin`. */
export function admin<Body = Record<string, unknown>>(
  method: string,
  path: string,
  options: Omit<CallOptions, "token"> = {},
): Promise<Answer<Body>> {
  return call<Body>(method, `/api/admin${path}`, { ...options, token: ADMIN_TOKEN });
}

/** Returns the violations of the API contract in a response. Empty if there are none. */
export function contractFaults({ status, code, body, headers }: Answer<unknown>): string[] {
  const faults: string[] = [];
  if (!headers.get("x-request-id")) faults.push("no X-Request-Id");
  if (!headers.get("cache-control")) faults.push("no Cache-Control");
  if (status < 400) return faults;
  const known = code === undefined ? undefined : ERRORS[code];
  if (!known) return [...faults, `unknown code: ${status} ${JSON.stringify(body)}`];
  if (known.status !== status) faults.push(`${code} with status ${status}`);
  if (headers.get("content-type") !== "application/problem+json") faults.push("not problem+json");
  if (headers.get("cache-control") !== "no-store") faults.push("a cacheable error");
  const isForNow =
    [429, 503].includes(status) || code === "not_admitted_yet" || code === "sale_paused";
  if (isForNow && !headers.get("retry-after")) faults.push("no Retry-After");
  const challenge = headers.get("www-authenticate");
  if (status === 401 && !challenge?.startsWith("Bearer realm=")) faults.push("no WWW-Authenticate");
  if (status !== 401 && challenge !== null) faults.push("WWW-Authenticate without 401");
  const members = body as Record<string, unknown>;
  for (const name of ["type", "title", "detail", "requestId"]) {
    if (typeof members[name] !== "string") faults.push(`no ${name}`);
  }
  if (members.status !== status) faults.push("a different status in the body");
  if (members.requestId !== headers.get("x-request-id")) faults.push("a different requestId");
  return faults;
}

/** What a page shows: without the words that it carries for its scripts. */
export const shownOf = (html: string): string =>
  html.replace(/<script type="application\/json".*?<\/script>/s, "");
