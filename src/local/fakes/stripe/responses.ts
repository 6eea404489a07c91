// The responses of the fake Stripe: API key check, Stripe's error bodies, and idempotency as Stripe documents it. A
// repeated key gets the same response, including a failure. A key with other parameters, or one whose first request
// is still in progress, is refused.
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { StripeFault } from "./errors.ts";
import { type Delivery, RequestLost } from "./faults.ts";

export type FakeContext = Context<{ Bindings: HttpBindings }>;
/** The result of a request, and how its response reaches the caller. */
export interface StepResult {
  result: object;
  delivery: Delivery;
}

interface FakeResponse {
  status: number;
  body: object;
  headers?: Record<string, string>;
}

interface Stored {
  request: string;
  /** Absent while the first request is in progress. */
  response?: FakeResponse;
}

/** Statuses of requests that were refused before the endpoint ran. Their responses are not stored. */
const UNSTORED = [401, 409, 429, 503];

export class Responder {
  readonly #stored = new Map<string, Stored>();
  readonly #apiKey: string;
  #requests = 0;

  constructor(apiKey: string) {
    this.#apiKey = apiKey;
  }

  /** Drops all idempotency keys, as Stripe does after 24 hours. */
  expireKeys(): void {
    this.#stored.clear();
  }

  /** Responds to a read. */
  async get(c: FakeContext, read: () => object): Promise<Response> {
    const { response } = await this.#run(c, async () => ({ result: read(), delivery: "whole" }));
    return this.reply(c, response);
  }

  /** Responds to a write, with idempotency. `work` gets the form fields of the body. */
  async post(
    c: FakeContext,
    work: (params: URLSearchParams) => Promise<StepResult>,
  ): Promise<Response> {
    const text = await c.req.text();
    const key = c.req.header("idempotency-key") ?? crypto.randomUUID();
    const request = `${c.req.path} ${text}`;
    const first = this.#stored.get(key);
    if (first) return this.reply(c, replay(key, first, request));
    const entry: Stored = { request };
    this.#stored.set(key, entry);
    const { response, delivery } = await this.#run(c, () => work(new URLSearchParams(text)));
    const isStored = !UNSTORED.includes(response.status) && !("param" in errorOf(response));
    if (isStored) entry.response = response;
    else this.#stored.delete(key);
    if (delivery === "silent") await new Promise(() => {});
    if (delivery === "reset") c.env.incoming.socket.destroy();
    return this.reply(c, response);
  }

  async #run(
    c: FakeContext,
    work: () => Promise<StepResult>,
  ): Promise<{ response: FakeResponse; delivery: Delivery }> {
    if (c.req.header("authorization") !== `Bearer ${this.#apiKey}`) {
      return { response: refused(401, "Invalid API Key provided"), delivery: "whole" };
    }
    try {
      const { result, delivery } = await work();
      // A copy, so that a replayed response does not show later changes.
      return { response: { status: 200, body: structuredClone(result) }, delivery };
    } catch (error) {
      if (error instanceof RequestLost) {
        return { response: refused(503, "request lost"), delivery: error.message as Delivery };
      }
      if (!(error instanceof StripeFault)) throw error;
      const { status } = error;
      const headers = { "stripe-should-retry": String(status === 429 || status === 503) };
      return {
        response: { status, body: { error: structuredClone(error.error) }, headers },
        delivery: "whole",
      };
    }
  }

  reply(c: FakeContext, { status, body, headers = {} }: FakeResponse): Response {
    this.#requests += 1;
    return c.body(JSON.stringify(body), status as 200, {
      "content-type": "application/json",
      "request-id": `req_fake${this.#requests}`,
      ...headers,
    });
  }
}

function replay(key: string, { request: first, response }: Stored, request: string): FakeResponse {
  if (first !== request) {
    return refused(
      400,
      `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
      { type: "idempotency_error" },
    );
  }
  if (!response) {
    const refusal = refused(
      409,
      `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
      { type: "idempotency_error", code: "idempotency_key_in_use" },
    );
    return { ...refusal, headers: { "stripe-should-retry": "true" } };
  }
  return { ...response, headers: { ...response.headers, "idempotent-replayed": "true" } };
}

export function refused(status: number, message: string, more: object = {}): FakeResponse {
  return { status, body: { error: { type: "invalid_request_error", message, ...more } } };
}

const errorOf = ({ body }: FakeResponse): object => ("error" in body ? (body.error as object) : {});
