// What buyers learn about the line of payments: an estimate while they wait, and a refusal if it is longer than any hold.
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { LineView } from "../../src/inventory/scheduler-client.ts";
import { PaymentScheduler } from "../../src/orders/payment-scheduler.ts";
import { dropPaymentLine } from "../../src/orders/payment-wait.ts";
import { givenOrder, givenPaid, pay, paymentOf } from "./saga-fixtures.ts";

beforeEach(dropPaymentLine);

function givenLine(view: () => LineView): void {
  const spy = vi.spyOn(PaymentScheduler.prototype, "view").mockImplementation(view);
  onTestFinished(() => {
    spy.mockRestore();
    dropPaymentLine();
  });
}

test("shows the owner of a due payment how long it waits in line", async () => {
  const purchase = await givenOrder(await givenPaid());
  givenLine(() => ({ length: 2_400, perSecond: 20, points: [[Date.now(), 2_400]] }));

  expect(await paymentOf(purchase)).toEqual({
    state: "due",
    attemptsLeft: 4,
    estimatedSeconds: 120,
  });
});

test("takes no further payment while the line is longer than an order can be held", async () => {
  const purchase = await givenOrder(await givenPaid(), {});
  givenLine(() => ({ length: 40_000, perSecond: 20, points: [] }));

  const refused = await pay(purchase, "tok_ok");

  expect([refused.status, refused.code]).toEqual([503, "unavailable"]);
  expect(refused.headers.get("retry-after")).toBe("200");
  expect(await paymentOf(purchase)).toEqual({ state: "none", attemptsLeft: 5 });
});

test("takes payments, without an estimate, while the scheduler does not answer", async () => {
  const purchase = await givenOrder(await givenPaid(), {});
  givenLine(() => {
    throw new Error("down");
  });

  expect((await pay(purchase, "tok_ok")).status).toBe(202);
  expect(await paymentOf(purchase)).toEqual({ state: "due", attemptsLeft: 4 });
});
