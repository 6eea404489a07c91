// The log from the edge to the consumers: the id of the request, every step of listed users and orders, and nobody's data.
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { app } from "../../src/app.ts";
import { putToSleep } from "../inventory/object.ts";
import { request } from "../support/http.ts";
import { emptyRedis, redisIsBack, redisIsDown } from "../support/redis.ts";
import { type Buyer, buyers, order, unique, until } from "../support/shop.ts";
import { deliverTo, givenPaid, nextMessage, TestGateway } from "./saga-fixtures.ts";

beforeEach(emptyRedis);
beforeEach(redisIsBack);

type Line = Record<string, unknown>;

/** Captures the log until the end of the test. */
function givenLog() {
  const texts: string[] = [];
  for (const method of ["log", "error", "warn"] as const) {
    const spy = vi.spyOn(console, method).mockImplementation((line) => {
      texts.push(String(line));
    });
    onTestFinished(() => spy.mockRestore());
  }
  const lines = (event: string): Line[] =>
    texts.map((text): Line => JSON.parse(text)).filter((line) => line.event === event);
  return { texts, lines };
}

/** An order by a request whose id is known, and the message about it. */
async function givenRequest() {
  const [buyer] = (await buyers(1)) as [Buyer];
  const sale = await givenPaid();
  const { body, headers } = await order(buyer, sale.skuId, { paymentToken: "tok_private" });
  const message = await nextMessage(sale.queue, body.id);
  return { ...sale, buyer, orderId: body.id, requestId: headers.get("x-request-id"), message };
}

const down = () => Object.assign(new TestGateway(), { down: true });

test("names the request in the lines of the consumers about its order", async () => {
  const { lines } = givenLog();
  const { orderId, requestId, message } = await givenRequest();
  await deliverTo(down(), [message]);
  expect(lines("payment.unknown")).toContainEqual(
    expect.objectContaining({ orderId, requestId, step: "charge" }),
  );
});

test("leaves the request out after a restart of the object, which stores nothing for the log", async () => {
  const { lines } = givenLog();
  const { skuId, orderId, message } = await givenRequest();
  await putToSleep(skuId);
  await deliverTo(down(), [message]);
  const [line] = lines("payment.unknown").filter((each) => each.orderId === orderId);
  expect(line).toBeDefined();
  expect(line).not.toHaveProperty("requestId");
});

test.each(["user", "order"])(
  "logs every step of a listed %s, and of nobody else",
  async (listed) => {
    const { texts, lines } = givenLog();
    const [given, other] = [await givenRequest(), await givenRequest()];
    const { buyer, orderId, requestId } = given;
    const LOG_VERBOSE_FOR = `someone, ${listed === "user" ? buyer.id : orderId}`;
    for (const { message } of [given, other]) {
      await deliverTo(new TestGateway(), [message], { vars: { LOG_VERBOSE_FOR } as object });
    }
    await until("both steps are logged", () => lines("payment.step").length > 0);
    const account = expect.stringMatching(/^[0-9a-f]{16}$/);
    expect(lines("payment.step")).toEqual([
      {
        ...{ event: "payment.step", requestId, step: "charge", reason: "charged" },
        ...{ milliseconds: expect.any(Number), orderId, account },
      },
    ]);
    expect(lines("order.consumed").every((line) => line.orderId === orderId)).toBe(true);
    expect(lines("order.consumed").length).toBeGreaterThan(0);
    expect(texts.join()).not.toContain(buyer.id);
  },
);

test("logs the attempts of a listed user at the edge, refused ones included", async () => {
  const { lines } = givenLog();
  const { skuId } = await givenPaid({ perUserLimit: 1 });
  const [buyer] = (await buyers(1)) as [Buyer];
  const attempt = async (idempotencyKey: string) => {
    const headers = { "idempotency-key": idempotencyKey };
    const options = { token: buyer.token, headers, body: { quantity: 1 } };
    const ctx = createExecutionContext();
    const vars = { ...env, LOG_VERBOSE_FOR: buyer.id };
    const sent = request("POST", `/api/skus/${skuId}/orders`, options);
    const response = await app.fetch(sent, vars, ctx);
    await waitOnExecutionContext(ctx);
    return response.status;
  };
  expect(await attempt(unique("key"))).toBe(202);
  expect(await attempt(unique("key"))).toBe(409);
  expect(await attempt("no key")).toBe(400);
  await until("the attempts are logged", () => lines("order.attempted").length === 2);
  expect(lines("order.attempted").map(({ reason }) => reason)).toEqual([
    "accepted",
    "user_limit_reached",
  ]);
});

test("contains no user id, token or address, whatever fails", async () => {
  const { texts } = givenLog();
  const { buyer, message, skuId } = await givenRequest();
  await redisIsDown();
  const vars = { LOG_VERBOSE_FOR: buyer.id } as object;
  for (const attempts of [1, 10]) await deliverTo(down(), [message], { attempts, vars });
  await order(buyer, skuId, { paymentToken: "tok_private" });
  await redisIsBack();
  expect(texts.length).toBeGreaterThan(3);
  for (const secret of [buyer.id, buyer.token, "tok_private"]) {
    expect(texts.join("\n")).not.toContain(secret);
  }
});
