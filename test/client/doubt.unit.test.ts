// What the client reports after a lost answer: nothing is called refused that may have been done.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ApiError, createClient, NoAnswerError } from "../../src/client/index.ts";
import { MAX_TRIES } from "../../src/client/retry.ts";
import { type Answer, anOrder, fakeApi, ok, outcome, refused, withoutWaiting } from "./fake-api.ts";

withoutWaiting();

const BUSY = refused(503, "overloaded");
const BEFORE_LOOK_UP = [
  refused(401, "unauthenticated"),
  refused(403, "blocked"),
  refused(404, "not_found"),
  refused(429, "rate_limited", {}, 300),
];

function shop(...answers: Answer[]) {
  const api = fakeApi(...answers);
  return { api, client: createClient({ ...api.options, token: "token" }) };
}

describe("an order", () => {
  test.each(BEFORE_LOOK_UP)("is unknown after a lost answer and a $status", async (answer) => {
    const { api, client } = shop("lost", answer);
    const error = await outcome(client.buy("shoe"));
    expect(error).toBeInstanceOf(NoAnswerError);
    expect(error).toMatchObject({ key: api.sent[0]?.headers["idempotency-key"] });
    expect((error as Error).cause).toMatchObject({ status: answer.status });
  });

  test.each(BEFORE_LOOK_UP)("is refused by a first $status", async (answer) => {
    const error = await outcome(shop(answer).client.buy("shoe"));
    expect(error).toBeInstanceOf(ApiError);
  });

  test("is unknown if the server stays busy, or breaks the connection, to the end", async () => {
    for (const answer of [BUSY, "lost"] as const) {
      const { api, client } = shop(...Array<Answer>(MAX_TRIES).fill(answer));
      const error = await outcome(client.buy("shoe", { key: "mine" }));
      expect(error).toBeInstanceOf(NoAnswerError);
      expect(error).toMatchObject({ key: "mine" });
      expect(api.sent).toHaveLength(MAX_TRIES);
    }
  });

  test.each([
    refused(409, "sold_out"),
    refused(410, "sale_closed"),
    refused(403, "sale_paused"),
    refused(403, "not_admitted_yet"),
  ])("is refused by $body.code, which comes after the look for an earlier one", async (answer) => {
    const error = await outcome(shop("lost", answer).client.buy("shoe"));
    expect(error).toBeInstanceOf(ApiError);
  });

  test("is refused at once while an operator stops orders", async () => {
    const { api, client } = shop(refused(503, "unavailable", { stop: { cause: "orders" } }, 10));
    expect(await outcome(client.buy("shoe"))).toBeInstanceOf(ApiError);
    expect(api.sent).toHaveLength(1);
  });

  test("that was made is never called refused, whatever happens on the way, and comes in the end", async () => {
    // `made`: the server makes the order, and nobody hears of it.
    const faults = fc.constantFrom("lost", "made", "busy", "made-busy", 401, 403, 404, 429, 409);
    const tries = fc.array(faults, { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(tries, async (faults) => {
        const server = new Ledger(faults);
        const options = { baseUrl: "https://drops.test", token: "token", fetch: server.fetch };
        const result = await outcome(createClient(options).buy("shoe"));
        if (result instanceof NoAnswerError) {
          server.faults.length = 0;
          const { key = "none" } = result;
          const again = await outcome(createClient(options).buy("shoe", { key, isRepeat: true }));
          expect(again).toEqual(anOrder());
        } else if (result instanceof ApiError) expect(server.orders.size).toBe(0);
        expect(server.orders.size).toBeLessThan(2);
      }),
    );
  });

  test("stays unknown if the page has no new token for its repeat", async () => {
    const api = fakeApi("lost", refused(401, "unauthenticated"));
    const token = ({ isExpired }: { isExpired: boolean }) => {
      if (isExpired) throw new Error("signed out");
      return "old";
    };
    const error = await outcome(createClient({ ...api.options, token }).buy("shoe"));
    expect(error).toBeInstanceOf(NoAnswerError);
    expect(error).toMatchObject({ cause: { message: "signed out" }, key: expect.any(String) });
  });
});

test.each(["pay", "cancel"] as const)("%s is unknown after a lost answer too", async (change) => {
  const { client } = shop("lost", refused(429, "rate_limited", {}, 300));
  const error = await outcome(client.orders[change]("order", "tok_ok" as never));
  expect(error).toBeInstanceOf(NoAnswerError);
});

test("a read that fails says why", async () => {
  const error = await outcome(shop(...Array(MAX_TRIES).fill(BUSY)).client.orders.get("order"));
  expect(error).toMatchObject({ code: "overloaded" });
});

describe("the mark of a repeat", () => {
  const marks = async (options: object, ...answers: Answer[]) => {
    const { api, client } = shop(...answers, ok(anOrder()));
    await outcome(client.buy("shoe", options));
    return api.sent.map(({ headers }) => headers["idempotency-retry"]);
  };

  test("is never sent by a first press, even under a key that the app made", async () => {
    expect(await marks({ key: "mine" })).toEqual([undefined]);
    const limited = refused(429, "rate_limited", {}, 1);
    expect(await marks({ key: "mine" }, limited)).toEqual([undefined, undefined]);
  });

  test("is sent by another call under a key whose last call had no answer, until one has", async () => {
    const lost = Array<Answer>(MAX_TRIES).fill("lost");
    const { api, client } = shop(...lost, refused(409, "sold_out"), ok(anOrder()));
    for (let calls = 0; calls < 3; calls += 1) await outcome(client.buy("shoe", { key: "mine" }));
    const marks = api.sent.map(({ headers }) => headers["idempotency-retry"]);
    const repeats = Array(MAX_TRIES - 1).fill("true");
    expect(marks).toEqual([undefined, ...repeats, "true", undefined]);
  });

  test("is sent once an earlier try may have made the order", async () => {
    expect(await marks({}, "lost", BUSY)).toEqual([undefined, "true", "true"]);
    expect(await marks({ key: "mine", isRepeat: true })).toEqual(["true"]);
  });
});

/** A server that makes one order under each key, behind a network and an edge with faults. */
class Ledger {
  readonly orders = new Set<string>();
  readonly faults: (string | number)[];

  constructor(faults: (string | number)[]) {
    this.faults = [...faults];
  }

  readonly fetch = (async (_: string, { headers }: RequestInit) => {
    const sent = Object.fromEntries(new Headers(headers));
    const fault = this.faults.shift();
    const key = sent["idempotency-key"] ?? "none";
    if (fault === "made" || fault === "made-busy") this.orders.add(key);
    if (fault === "lost" || fault === "made") throw new TypeError("lost");
    const isBusy = fault === "busy" || fault === "made-busy";
    const status = isBusy ? 503 : typeof fault === "number" ? fault : 202;
    // The ledger itself refuses with 409, so it finds the order first. What comes before it does not.
    if (status === 202 || (status === 409 && this.orders.has(key))) {
      this.orders.add(key);
      return new Response(JSON.stringify(anOrder()), { status: 202 });
    }
    const more = status === 429 ? { headers: { "retry-after": "90" } } : {};
    return new Response(JSON.stringify({ code: "some_refusal" }), { status, ...more });
  }) as unknown as typeof fetch;
}
