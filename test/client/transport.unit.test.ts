// How the client sends: whose token, how long it waits, and what counts as an answer.
import { describe, expect, test, vi } from "vitest";
import { createClient, NoAnswerError } from "../../src/client/index.ts";
import { anOrder, fakeApi, ok, outcome, refused, withoutWaiting } from "./fake-api.ts";

withoutWaiting();

const tokens = (sent: { headers: Record<string, string> }[]) =>
  sent.map(({ headers }) => headers.authorization);

describe("the token", () => {
  test("is asked for by each call, so that the next buyer is not the last one", async () => {
    const api = fakeApi(ok(anOrder()), "lost", ok(anOrder()));
    let user = "ann";
    const token = vi.fn(() => user);
    const client = createClient({ ...api.options, token });
    await outcome(client.buy("shoe"));
    user = "bob";
    await outcome(client.buy("shoe"));
    expect(tokens(api.sent)).toEqual(["Bearer ann", "Bearer bob", "Bearer bob"]);
    expect(token).toHaveBeenCalledTimes(2);
  });

  test("is renewed once, and kept for the rest of the call", async () => {
    const api = fakeApi(refused(401, "unauthenticated"), "lost", ok(anOrder()));
    const token = vi.fn(({ isExpired }) => (isExpired ? "new" : "old"));
    await outcome(createClient({ ...api.options, token }).buy("shoe"));
    expect(tokens(api.sent)).toEqual(["Bearer old", "Bearer new", "Bearer new"]);
    expect(token).toHaveBeenCalledTimes(2);
  });

  test("is not waited for forever", async () => {
    const api = fakeApi();
    const client = createClient({ ...api.options, token: () => new Promise<string>(() => {}) });
    expect(await outcome(client.buy("shoe"))).toBeInstanceOf(Error);
    expect(api.sent).toEqual([]);
  });

  test("that cannot be had is no doubt about an order that was never sent", async () => {
    const api = fakeApi();
    const token = () => {
      throw new Error("signed out");
    };
    const error = await outcome(createClient({ ...api.options, token }).buy("shoe"));
    expect(error).not.toBeInstanceOf(NoAnswerError);
  });
});

test("the page of a proxy is no answer, and its Retry-After counts", async () => {
  const api = fakeApi({ status: 429, body: "<h1>Slow down</h1>", retryAfter: 30 }, ok(anOrder()));
  const order = await outcome(createClient(api.options).buy("shoe"));
  expect(order).toEqual(anOrder());
  expect(api.sent[1]?.at).toBeGreaterThanOrEqual(30_000);
});

test.each([
  [
    "the clock of the server",
    45_000,
    "Tue, 01 Dec 2026 09:00:15 GMT",
    "Tue, 01 Dec 2026 09:01:00 GMT",
  ],
  ["that of the device, if no other is shown", 45_000, undefined, 45_000],
  ["no wait, if the time has passed", 0, undefined, -9_000],
])("a proxy's Retry-After may be a time, by %s", async (_, wait, date, until) => {
  const retryAfter =
    typeof until === "string" ? until : new Date(Date.now() + until + 999).toUTCString();
  const busy = { status: 503, body: "<h1>Busy</h1>", retryAfter, ...(date ? { date } : {}) };
  const api = fakeApi(busy, ok(anOrder()));
  expect(await outcome(createClient(api.options).buy("shoe"))).toEqual(anOrder());
  expect(api.sent[1]?.at).toBeGreaterThanOrEqual(wait);
  expect(api.sent[1]?.at).toBeLessThan(wait === 0 ? 1_000 : 60_000);
});

test.each(["", "/", "drops.shop.example", "https://", "ftp://drops.shop.example"])(
  "the incomplete address “%s” is an error at once",
  (baseUrl) => {
    expect(() => createClient({ baseUrl })).toThrow(/complete address/);
  },
);

test.each(["two\nlines", "東京"])(
  "the token “%s”, which no header carries, is an error at once",
  async (token) => {
    const api = fakeApi(ok(anOrder()));
    const error = await outcome(createClient({ ...api.options, token }).buy("shoe"));
    expect(error).toBeInstanceOf(TypeError);
    expect(api.sent).toEqual([]);
  },
);

test("a refusal without a code is no answer of the server", async () => {
  const api = fakeApi({ status: 403, body: { error: "captive portal" } }, ok(anOrder()));
  expect(await outcome(createClient(api.options).buy("shoe"))).toEqual(anOrder());
});

test("a fetch that ignores every signal holds up neither the next try nor the caller's abort", async () => {
  const api = fakeApi("hung", ok(anOrder()));
  expect(await outcome(createClient(api.options).buy("shoe"))).toEqual(anOrder());
  const controller = new AbortController();
  const call = createClient(fakeApi("hung").options).buy("shoe", { signal: controller.signal });
  controller.abort();
  await expect(call).rejects.toMatchObject({ name: "AbortError" });
});

describe("an order that is followed", () => {
  const confirmed = anOrder({ version: 3, status: "confirmed" });

  test("is read on after failures that pass", async () => {
    const busy = Array(8).fill(refused(503, "overloaded"));
    const api = fakeApi(...busy, refused(429, "rate_limited", {}, 300), ok(confirmed));
    const client = createClient({ ...api.options, token: "token" });
    expect(await outcome(client.orders.until("order"))).toEqual(confirmed);
  });

  test("ends with a refusal, and with its caller", async () => {
    const api = fakeApi(refused(404, "not_found"));
    const client = createClient({ ...api.options, token: "token" });
    expect(await outcome(client.orders.until("order"))).toMatchObject({ code: "not_found" });
  });

  test("never goes back to an older version that a lagging copy shows", async () => {
    const paid = anOrder({ version: 2, payment: "processing" });
    const api = fakeApi(ok(paid), ok(anOrder()), ok(confirmed));
    const seen: number[] = [];
    const onChange = ({ version }: { version: number }) => void seen.push(version);
    await outcome(createClient(api.options).orders.until("order", { onChange }));
    expect(seen).toEqual([2, 3]);
  });
});
