// Hostile bodies at the order route: each gets an error of the contract, without a Redis command or an object call.
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Answer } from "../support/http.ts";
import { redisIsBack } from "../support/redis.ts";
import { atNoCost, attempt, codes, givenOrderRoute } from "./order-route.ts";

beforeAll(givenOrderRoute);
beforeEach(redisIsBack);

const post = (bodies: BodyInit[]) => () => Promise.all(bodies.map((body) => attempt({ body })));
const json = (...documents: unknown[]) => documents.map((document) => JSON.stringify(document));

describe("order bodies", () => {
  test("that are not an order are invalid_request, with the issues", async () => {
    const bodies = json(
      null,
      [],
      "1",
      1,
      true,
      {},
      { quantity: 0 },
      { quantity: -1 },
      { quantity: 1.5 },
      { quantity: 101 },
      { quantity: 1e308 },
      { quantity: Number.MAX_SAFE_INTEGER + 2 },
      { quantity: "1" },
      { quantity: null },
      { quantity: [1] },
      { quantity: { valueOf: 1 } },
      { quantity: 1, price: 0 },
      { quantity: 1, unitPrice: { amount: 0 } },
      { quantity: 1, userId: "somebody-else" },
      { quantity: 1, paymentToken: "" },
      { quantity: 1, paymentToken: "x".repeat(256) },
      { quantity: 1, paymentToken: 1 },
      { quantity: 1, ticket: {} },
      { Quantity: 1 },
    );
    const answers = await atNoCost(post(bodies));
    expect(codes(answers)).toEqual(["invalid_request"]);
    for (const { body } of answers) expect(body.issues).not.toEqual([]);
  });

  test("that are not JSON in UTF-8 are invalid_request", async () => {
    const bodies = [
      "",
      " ",
      "{",
      '{"quantity":1',
      '{"quantity":1}}',
      "{'quantity':1}",
      '{"quantity":01}',
      '{"quantity":NaN}',
      '{"quantity":1e999}',
      '{"quantity":0x1}',
      "quantity=1",
      "\u0000",
      "\ufeff",
      new Uint8Array([0xff, 0xfe, 0x00]),
      new Uint8Array([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
      "[".repeat(4_000),
      `${'{"a":'.repeat(600)}1${"}".repeat(600)}`,
    ];
    expect(codes(await atNoCost(post(bodies)))).toEqual(["invalid_request"]);
  });

  test("with an unpaired surrogate in any text are invalid_request", async () => {
    const texts = ["\\ud800", "tok_\\udfff", "\\udc00\\ud800", "a\\ud83dz"];
    const bodies = texts.flatMap((text) => [
      `{"quantity":1,"paymentToken":"${text}"}`,
      `{"quantity":1,"ticket":"${text}"}`,
      `{"quantity":1,"unitPrice":{"amount":1,"currency":"${text}"}}`,
    ]);
    expect(codes(await atNoCost(post(bodies)))).toEqual(["invalid_request"]);
  });

  test("with an escaped surrogate pair are read", async () => {
    const answers = await atNoCost(post(['{"quantity":0,"ticket":"\\ud83d\\ude00"}']));
    expect(answers[0]?.body).toMatchObject({ issues: [{ path: "quantity" }] });
  });

  test("with a content encoding are unsupported_media_type, with Accept-Encoding: identity", async () => {
    const plain = '{"quantity":1}';
    const compressed = await new Response(
      new Response(plain).body?.pipeThrough(new CompressionStream("gzip")),
    ).arrayBuffer();
    const codings = ["gzip", "x-gzip", "br", "foo", "gzip, identity", "identity, identity"];
    const answers = await atNoCost(() =>
      Promise.all([
        attempt({ body: compressed, headers: { "content-encoding": "gzip" } }),
        ...codings.map((coding) =>
          attempt({ body: plain, headers: { "content-encoding": coding } }),
        ),
      ]),
    );
    expect(codes(answers)).toEqual(["unsupported_media_type"]);
    for (const { headers } of answers) expect(headers.get("accept-encoding")).toBe("identity");
    const other = await atNoCost(async () => [
      await attempt({ headers: { "content-type": "text/plain" } }),
    ]);
    expect(other[0]?.headers.get("accept-encoding")).toBeNull();
  });

  test("with Content-Encoding: identity are read", async () => {
    const body = '{"quantity":0}';
    const answers = await atNoCost(() =>
      Promise.all(
        ["identity", "IDENTITY", ""].map((coding) =>
          attempt({ body, headers: { "content-encoding": coding } }),
        ),
      ),
    );
    expect(codes(answers)).toEqual(["invalid_request"]);
  });

  test("that attempt prototype pollution are refused and have no effect", async () => {
    const bodies = [
      '{"quantity":1,"__proto__":{"quantity":5}}',
      '{"__proto__":{"quantity":1}}',
      '{"constructor":{"prototype":{"quantity":1}}}',
      '{"quantity":1,"constructor":1}',
      '{"quantity":1,"toString":"x"}',
    ];
    expect(codes(await atNoCost(post(bodies)))).toEqual(["invalid_request"]);
    expect(({} as { quantity?: number }).quantity).toBeUndefined();
  });

  test("over the size limit are payload_too_large, with or without Content-Length", async () => {
    const large = JSON.stringify({ quantity: 1, ticket: "x".repeat(5_000) });
    const stream = () =>
      new ReadableStream({
        start(controller) {
          for (let i = 0; i < 100; i += 1)
            controller.enqueue(new TextEncoder().encode(" ".repeat(100)));
          controller.close();
        },
      });
    const answers = await atNoCost(() =>
      Promise.all([
        attempt({ body: large }),
        attempt({ body: stream() }),
        attempt({ headers: { "content-length": "4097" } }),
        attempt({ headers: { "content-length": "99999999999999999999" } }),
      ]),
    );
    expect(codes(answers)).toEqual(["payload_too_large"]);
  });

  test("are always refused if their content is random", async () => {
    const anything = fc.oneof(
      fc.json(),
      fc.string({ unit: "binary" }),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes)),
      fc.jsonValue().map((value) => JSON.stringify({ quantity: value })),
    );
    const isOrder = (body: BodyInit) => /^\{"quantity":\s*\d+\}$/.test(String(body));
    await atNoCost(async () => {
      const answers: Answer[] = [];
      await fc.assert(
        fc.asyncProperty(anything, async (body) => {
          fc.pre(!isOrder(body));
          const answer = await attempt({ body });
          expect(answer.status).toBe(400);
          answers.push(answer);
        }),
        { numRuns: 150 },
      );
      return answers;
    });
  });
});
