// What the client reports after a lost answer: nothing is called refused that may have been done.
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

  test("is sent once an earlier try may have made the order", async () => {
    expect(await marks({}, "lost", BUSY)).toEqual([undefined, "true", "true"]);
    expect(await marks({ key: "mine", isRepeat: true })).toEqual(["true"]);
  });
});
