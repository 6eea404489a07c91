// How tests talk to the Worker: over HTTP, through the whole app, each caller from an address of its own.
import { exports } from "cloudflare:workers";
import { ERRORS, type ErrorCode } from "../../src/errors.ts";

export const ORIGIN = "https://shop.test";
export const ADMIN_TOKEN = "test-admin-token";
export const SIGNING_SECRET = "test-signing-secret-of-32-characters";

/** An answer, read. `body` is what the JSON said; of another type, its text. */
export interface Answer<Body = Record<string, unknown>> {
  status: number;
  /** The error code, when it is a problem. */
  code: ErrorCode | undefined;
  body: Body;
  headers: Headers;
}

let addresses = 0;

/** An address nobody used before, so that no test meets the limits of another. */
export function freshAddress(): string {
  addresses += 1;
  return `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`;
}

export interface CallOptions {
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** A request as a browser or a client would make it; `body` is sent as JSON. */
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

/** Sends a request and reads the whole answer. */
export async function send<Body = Record<string, unknown>>(
  request: Request,
): Promise<Answer<Body>> {
  return read(await exports.default.fetch(request));
}

/** Reads the whole answer. */
export async function read<Body = Record<string, unknown>>(
  response: Response,
): Promise<Answer<Body>> {
  const text = await response.text();
  const isJson = /[/+]json/.test(response.headers.get("content-type") ?? "");
  const body = isJson && text !== "" ? JSON.parse(text) : text;
  const code = response.status >= 400 && isJson ? body.code : undefined;
  return { status: response.status, code, body, headers: response.headers };
}

export function call<Body = Record<string, unknown>>(
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Answer<Body>> {
  return send<Body>(request(method, path, options));
}

/** The operator's API. */
export function admin<Body = Record<string, unknown>>(
  method: string,
  path: string,
  options: Omit<CallOptions, "token"> = {},
): Promise<Answer<Body>> {
  return call<Body>(method, `/api/admin${path}`, { ...options, token: ADMIN_TOKEN });
}

/** What breaks the contract in an answer; empty when nothing does. */
export function contractFaults({ status, code, body, headers }: Answer<unknown>): string[] {
  const faults: string[] = [];
  if (!headers.get("x-request-id")) faults.push("no X-Request-Id");
  if (!headers.get("cache-control")) faults.push("no Cache-Control");
  if (status < 400) return faults;
  const known = code === undefined ? undefined : ERRORS[code];
  if (!known) return [...faults, `no known code: ${status} ${JSON.stringify(body)}`];
  if (known.status !== status) faults.push(`${code} answered with ${status}`);
  if (headers.get("content-type") !== "application/problem+json") faults.push("not problem+json");
  if (headers.get("cache-control") !== "no-store") faults.push("an error that may be cached");
  if ([429, 503].includes(status) && !headers.get("retry-after")) faults.push("no Retry-After");
  const challenge = headers.get("www-authenticate");
  if (status === 401 && !challenge?.startsWith("Bearer realm=")) faults.push("no WWW-Authenticate");
  if (status !== 401 && challenge !== null) faults.push("a challenge without 401");
  const members = body as Record<string, unknown>;
  for (const name of ["type", "title", "detail", "requestId"]) {
    if (typeof members[name] !== "string") faults.push(`no ${name}`);
  }
  if (members.status !== status) faults.push("another status in the body");
  if (members.requestId !== headers.get("x-request-id")) faults.push("another requestId");
  return faults;
}
