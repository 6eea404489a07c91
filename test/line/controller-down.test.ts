// The controller of a line fails at every call: people go on buying and joining from what it last published.
import { beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { SaleLine } from "../../src/line/sale-line.ts";
import { givenLineSale, lateTicket, publishLine } from "../admission/line.ts";
import { buy, join } from "../funnel/line-requests.ts";
import { call } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, suppressLiveStock } from "../support/shop.ts";

beforeAll(emptyRedis);
beforeAll(pauseQueue);
beforeEach(suppressLiveStock);

/** Given a line that has admitted everyone up to place 101, and whose controller has failed since. */
async function givenControllerDown() {
  const scene = await givenLineSale();
  await publishLine(scene, { frontier: 101, registered: 500, waiting: 400 });
  const calls = (["published", "report", "draw", "change", "configure"] as const).map((name) =>
    vi.spyOn(SaleLine.prototype, name).mockRejectedValue(new Error("The object is down.") as never),
  );
  onTestFinished(() => {
    for (const spy of calls) spy.mockRestore();
  });
  return scene;
}

test("those admitted go on buying, and nobody else gets in", async () => {
  const scene = await givenControllerDown();
  const [admitted, waiting] = [await aBuyer(), await aBuyer()];
  const bought = await buy(admitted, scene.skuId, { ticket: lateTicket(scene, admitted.id, 10) });
  const early = await buy(waiting, scene.skuId, { ticket: lateTicket(scene, waiting.id, 200) });
  expect(bought.status).toBe(202);
  expect(early).toMatchObject({ status: 403, code: "not_admitted_yet" });
});

test("people join, keep their place, and see the frontier stand still", async () => {
  const scene = await givenControllerDown();
  const ann = await aBuyer();
  const first = await join(ann, scene.saleId);
  expect(first).toMatchObject({ status: 200, body: { state: "waiting" } });
  const again = await join(ann, scene.saleId, { body: { ticket: first.body.ticket } });
  expect(again.body.place).toBe(first.body.place);
  const line = await call<{ frontier: number }>("GET", `/api/sales/${scene.saleId}/line`);
  expect(line).toMatchObject({ status: 200, body: { frontier: 101 } });
});

test("the draw is unavailable, and the answer says so", async () => {
  const scene = await givenControllerDown();
  const draw = await call("GET", `/api/sales/${scene.saleId}/draw`);
  expect(draw).toMatchObject({ status: 503, code: "unavailable" });
});
