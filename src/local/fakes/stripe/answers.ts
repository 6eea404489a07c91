// How the fake Stripe answers: the key checked, errors in Stripe's words, and idempotency as Stripe
// documents it. The same key gets the same answer, a failure too; other parameters or haste are refused.
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { StripeFault } from "./errors.ts";
import { type Delivery, NeverArrived } from "./faults.ts";

export type FakeContext = Context<{ Bindings: HttpBindings }>;
export interface Done {
  result: object;
  delivery: Delivery;
}

interface Answer {
  status: number;
  body: object;
  headers?: Record<string, string>;
}

interface Stored {
  request: string;
  /** Absent while the first request is under way. */
  answer?: Answer;
}

/** Refused at the door, in passing or by validation: the endpoint never began, nothing is stored. */
const UNSTORED = [401, 409, 429, 503];

export class Answers {
  readonly #stored = new Map<string, Stored>();
  readonly #apiKey: string;
  #requests = 0;

  constructor(apiKey: string) {
    this.#apiKey = apiKey;
  }

  /** What a day does: the keys are forgotten. */
  forget(): void {
    this.#stored.clear();
  }

  async get(c: FakeContext, read: () => object): Promise<Response> {
    const { answer } = await this.#run(c, async () => ({ result: read(), delivery: "whole" }));
    return this.reply(c, answer);
  }

  async post(c: FakeContext, work: (params: URLSearchParams) => Promise<Done>): Promise<Response> {
    const text = await c.req.text();
    const key = c.req.header("idempotency-key") ?? crypto.randomUUID();
    const request = `${c.req.path} ${text}`;
    const known = this.#stored.get(key);
    if (known) return this.reply(c, repeated(key, known, request));
    const entry: Stored = { request };
    this.#stored.set(key, entry);
    const { answer, delivery } = await this.#run(c, () => work(new URLSearchParams(text)));
    const isKept = !UNSTORED.includes(answer.status) && !("param" in errorOf(answer));
    if (isKept) entry.answer = answer;
    else this.#stored.delete(key);
    if (delivery === "silent") await new Promise(() => {});
    if (delivery === "reset") c.env.incoming.socket.destroy();
    return this.reply(c, answer);
  }

  async #run(
    c: FakeContext,
    work: () => Promise<Done>,
  ): Promise<{ answer: Answer; delivery: Delivery }> {
    if (c.req.header("authorization") !== `Bearer ${this.#apiKey}`) {
      return { answer: refused(401, "Invalid API Key provided"), delivery: "whole" };
    }
    try {
      const { result, delivery } = await work();
      // As it is now: a repetition says nothing about later.
      return { answer: { status: 200, body: structuredClone(result) }, delivery };
    } catch (error) {
      if (error instanceof NeverArrived) {
        return { answer: refused(503, "never arrived"), delivery: error.message as Delivery };
      }
      if (!(error instanceof StripeFault)) throw error;
      const { status } = error;
      const headers = { "stripe-should-retry": String(status === 429 || status === 503) };
      return {
        answer: { status, body: { error: structuredClone(error.error) }, headers },
        delivery: "whole",
      };
    }
  }

  reply(c: FakeContext, { status, body, headers = {} }: Answer): Response {
    this.#requests += 1;
    return c.body(JSON.stringify(body), status as 200, {
      "content-type": "application/json",
      "request-id": `req_fake${this.#requests}`,
      ...headers,
    });
  }
}

function repeated(key: string, { request: first, answer }: Stored, request: string): Answer {
  if (first !== request) {
    return refused(
      400,
      `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
      { type: "idempotency_error" },
    );
  }
  if (!answer) {
    const refusal = refused(
      409,
      `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
      { type: "idempotency_error", code: "idempotency_key_in_use" },
    );
    return { ...refusal, headers: { "stripe-should-retry": "true" } };
  }
  return { ...answer, headers: { ...answer.headers, "idempotent-replayed": "true" } };
}

export function refused(status: number, message: string, more: object = {}): Answer {
  return { status, body: { error: { type: "invalid_request_error", message, ...more } } };
}

const errorOf = ({ body }: Answer): object => ("error" in body ? (body.error as object) : {});
