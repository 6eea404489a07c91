// Requests no honest browser sends, each with the refusals that are right for it. None may create
// an order, and none may be answered with anything the contract does not know.
import { randomBytes } from "node:crypto";
import type { Answer, Caller, Client } from "../../client.ts";
import { tokenSigner } from "../../tokens.ts";

interface Rubbish {
  /** The right refusals. The edge may know "sold_out" before it looks at who asks. */
  possible: string[];
  send(client: Client, path: string, caller: Caller): Promise<Answer>;
}

const WISH = { quantity: 1 };
const INVALID = ["invalid_request"];
const NOBODY = ["unauthenticated", "sold_out"];

const RUBBISH: Rubbish[] = [
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
    possible: ["payload_too_large"],
    send: (client, path, caller) => post(client, path, caller, huge()),
  },
  withToken(async () => undefined),
  withToken(async () => "rubbish"),
  withToken(async () => `${part({ alg: "none" })}.${part({ sub: "mallory" })}.`),
  withToken(() => tokenSigner(randomBytes(32).toString("hex"))("mallory")),
  elsewhere("/api/skus/no-such-sku/orders", ["not_found"]),
  elsewhere("/api/skus/..%2f..%2fadmin/orders", ["not_found", "invalid_request"]),
  elsewhere("/api/no/such/route", ["not_found"]),
  withMethod("PUT", ["method_not_allowed"]),
  withMethod("DELETE", ["method_not_allowed"]),
];

/** The `index`-th kind of rubbish; kinds repeat. */
export function rubbish(index: number): Rubbish {
  return RUBBISH[index % RUBBISH.length] as Rubbish;
}

function key(): Record<string, string> {
  return { "idempotency-key": `rubbish-${randomBytes(8).toString("hex")}` };
}

function post(client: Client, path: string, caller: Caller, body: unknown): Promise<Answer> {
  return client.send("POST", path, { ...caller, headers: key(), body });
}

function withBody(body: string): Rubbish {
  return { possible: INVALID, send: (client, path, caller) => post(client, path, caller, body) };
}

function withHeaders(headers: Record<string, string>, possible: string[]): Rubbish {
  return {
    possible,
    send: (client, path, caller) => client.send("POST", path, { ...caller, headers, body: WISH }),
  };
}

function withToken(token: () => Promise<string | undefined>): Rubbish {
  return {
    possible: NOBODY,
    send: async (client, path, caller) =>
      post(client, path, { ...caller, token: await token() }, WISH),
  };
}

function withMethod(method: string, possible: string[]): Rubbish {
  return {
    possible,
    send: (client, path, caller) =>
      client.send(method, path, { ...caller, headers: key(), body: WISH }),
  };
}

function elsewhere(path: string, possible: string[]): Rubbish {
  return { possible, send: (client, _path, caller) => post(client, path, caller, WISH) };
}

function huge(): string {
  return JSON.stringify({ quantity: 1, paymentToken: "x".repeat(200_000) });
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
