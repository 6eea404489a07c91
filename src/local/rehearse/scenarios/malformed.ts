// Malformed requests, each with its expected refusals. None may create an order or get an answer outside the HTTP
// contract.
import { randomBytes } from "node:crypto";
import type { Answer, Caller, Client } from "../../client.ts";
import { tokenSigner } from "../../tokens.ts";

interface MalformedRequest {
  /** Expected error codes. An edge may answer `sold_out` before it checks the token. */
  expected: string[];
  send(client: Client, path: string, caller: Caller): Promise<Answer>;
}

const VALID_BODY = { quantity: 1 };
const INVALID = ["invalid_request"];
const UNAUTHENTICATED = ["unauthenticated", "sold_out"];

const REQUESTS: MalformedRequest[] = [
  ...["", "{", "null", "[]", '"1"', "{}", '{"quantity":1', '{"__proto__":{"quantity":1}}'].map(
    withBody,
  ),
  ...[0, -1, 1.5, "1", true, null, [1], {}, 1e308].map((quantity) =>
    withBody(JSON.stringify({ quantity })),
  ),
  withHeaders({}, ["idempotency_key_required"]),
  ...["", "two words", "k".repeat(65), "k/../k"].map((key) =>
    withHeaders({ "idempotency-key": key }, ["idempotency_key_required", "invalid_request"]),
  ),
  withHeaders({ "content-type": "text/plain" }, [
    "unsupported_media_type",
    "idempotency_key_required",
  ]),
  {
    expected: ["payload_too_large"],
    send: (client, path, caller) => post(client, path, caller, tooLarge()),
  },
  withToken(async () => undefined),
  withToken(async () => "garbage"),
  withToken(async () => `${part({ alg: "none" })}.${part({ sub: "mallory" })}.`),
  withToken(() => tokenSigner(randomBytes(32).toString("hex"))("mallory")),
  withPath("/api/skus/no-such-sku/orders", ["not_found"]),
  withPath("/api/skus/..%2f..%2fadmin/orders", ["not_found", "invalid_request"]),
  withPath("/api/no/such/route", ["not_found"]),
  withMethod("PUT", ["method_not_allowed"]),
  withMethod("DELETE", ["method_not_allowed"]),
];

/** The malformed request with this `index`. Indexes wrap around. */
export function malformedRequest(index: number): MalformedRequest {
  return REQUESTS[index % REQUESTS.length] as MalformedRequest;
}

function key(): Record<string, string> {
  return { "idempotency-key": `malformed-${randomBytes(8).toString("hex")}` };
}

function post(client: Client, path: string, caller: Caller, body: unknown): Promise<Answer> {
  return client.send("POST", path, { ...caller, headers: key(), body });
}

function withBody(body: string): MalformedRequest {
  return { expected: INVALID, send: (client, path, caller) => post(client, path, caller, body) };
}

function withHeaders(headers: Record<string, string>, expected: string[]): MalformedRequest {
  return {
    expected,
    send: (client, path, caller) =>
      client.send("POST", path, { ...caller, headers, body: VALID_BODY }),
  };
}

function withToken(token: () => Promise<string | undefined>): MalformedRequest {
  return {
    expected: UNAUTHENTICATED,
    send: async (client, path, caller) =>
      post(client, path, { ...caller, token: await token() }, VALID_BODY),
  };
}

function withMethod(method: string, expected: string[]): MalformedRequest {
  return {
    expected,
    send: (client, path, caller) =>
      client.send(method, path, { ...caller, headers: key(), body: VALID_BODY }),
  };
}

function withPath(path: string, expected: string[]): MalformedRequest {
  return { expected, send: (client, _path, caller) => post(client, path, caller, VALID_BODY) };
}

function tooLarge(): string {
  return JSON.stringify({ quantity: 1, paymentToken: "x".repeat(200_000) });
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
