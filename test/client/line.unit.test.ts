// Waiting in line with the client: at the pace of the line, through outages, and by the server's clock.
import { expect, test, vi } from "vitest";
import { createClient } from "../../src/client/index.ts";
import {
  type Answer,
  aLine,
  anOrder,
  aTicket,
  fakeApi,
  ok,
  outcome,
  refused,
  withoutWaiting,
} from "./fake-api.ts";

withoutWaiting();

const ORDER = "POST /skus/shoe/orders";
const EARLY = refused(403, "not_admitted_yet", {}, 7);
const TURN = aLine({ frontier: 9 });

function buyInLine(options: object, ...answers: Answer[]) {
  const api = fakeApi(...answers);
  const client = createClient({ ...api.options, token: "token" });
  return { api, result: outcome(client.buy("shoe", { saleId: "drop", ...options })) };
}

test("a buyer with a ticket whose turn it is not waits in line after one order", async () => {
  const { api, result } = buyInLine(
    { ticket: "mine" },
    ...[EARLY, ok(aTicket()), ok(aLine()), ok(TURN), ok(anOrder())],
  );
  expect(await result).toEqual(anOrder());
  expect(api.sent.map(({ call }) => call)).toEqual([
    ORDER,
    ...["POST /sales/drop/tickets", "GET /sales/drop/line", "GET /sales/drop/line"],
    ORDER,
  ]);
  expect(api.sent[1]?.body).toEqual({ ticket: "mine" });
});

test("the place is told before the line is read, so that no failure loses it", async () => {
  const onTicket = vi.fn();
  const lost = Array<Answer>(8).fill("lost");
  const { result } = buyInLine({ onTicket }, EARLY, ok(aTicket()), ...lost);
  expect(await result).toBeInstanceOf(Error);
  expect(onTicket).toHaveBeenCalledWith(expect.objectContaining({ ticket: "ticket" }));
});

test("an edge that learns of the turn later is asked again when it says", async () => {
  const admitted = ok(aTicket({ state: "admitted" }));
  const { api, result } = buyInLine({}, EARLY, admitted, EARLY, admitted, ok(anOrder()));
  expect(await result).toEqual(anOrder());
  const [, second, third] = api.of(ORDER).map(({ at }) => at);
  expect((third ?? 0) - (second ?? 0)).toBeGreaterThanOrEqual(7_000);
});

test("a buyer who is sent back again and again is told so in the end", async () => {
  const admitted = ok(aTicket({ state: "admitted" }));
  const { api, result } = buyInLine({}, ...Array(30).fill([EARLY, admitted]).flat());
  expect(await result).toMatchObject({ code: "not_admitted_yet" });
  expect(api.of(ORDER)).toHaveLength(10);
});

test("without the sale, a buyer whose turn it is not is told so at once", async () => {
  const { api, result } = buyInLine({ saleId: undefined, ticket: "mine" }, EARLY);
  expect(await result).toMatchObject({ code: "not_admitted_yet", retryAfterSeconds: 7 });
  expect(api.sent).toHaveLength(1);
});

test("the wait outlasts a connection that is lost for minutes", async () => {
  const lost = Array<Answer>(20).fill("lost");
  const { result } = buyInLine(
    {},
    EARLY,
    ok(aTicket()),
    ok(aLine()),
    ...lost,
    ok(TURN),
    ok(anOrder()),
  );
  expect(await result).toEqual(anOrder());
});

test("the drawn place is asked for on a device whose clock is hours behind", async () => {
  vi.setSystemTime("2026-12-01T04:00:00.000Z");
  const [undrawn, drawn] = [aTicket({ place: null }), aTicket({ place: 0.5, state: "admitted" })];
  const { api, result } = buyInLine({}, EARLY, ok(undrawn), ok(aLine()), ok(drawn), ok(anOrder()));
  expect(await result).toEqual(anOrder());
  expect(api.of("POST /sales/drop/tickets")).toHaveLength(2);
});

test("the server decides when the line is over, once", async () => {
  const over = ok(aTicket({ state: "over" }));
  const { api, result } = buyInLine({}, EARLY, over, EARLY);
  expect(await result).toMatchObject({ code: "not_admitted_yet" });
  expect(api.of(ORDER)).toHaveLength(2);
});
