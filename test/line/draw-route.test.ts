// GET /api/sales/{saleId}/draw: the commitment before the draw, everything else afterwards, the same for everyone.
import { expect, onTestFinished, test, vi } from "vitest";
import type { DrawDocument } from "../../src/admission/draw.ts";
import { earlyPlaceWeb } from "../../src/admission/place-web.ts";
import { verifyDraw } from "../../src/admission/verify-draw.ts";
import { SaleLine } from "../../src/line/sale-line.ts";
import { givenClock } from "../support/clock.ts";
import { call } from "../support/http.ts";
import { aSale, aSku, putSale, tokenFor, unique } from "../support/shop.ts";
import { CHAIN, drandIs, OPENING, open, register, tick, tickFor } from "./object.ts";

const HOUR_MS = 3_600_000;
const iso = (time: number) => new Date(time).toISOString();

/** A sale with a line, half an hour before its registration closes. */
async function givenSale(mode: "open" | "draw" | "queue" = "draw") {
  const clock = givenClock(OPENING - HOUR_MS / 2);
  await drandIs("eager");
  const sale = await putSale(
    aSale({
      skus: [aSku({ stock: 1_000 })],
      opensAt: iso(OPENING),
      closesAt: iso(OPENING + HOUR_MS),
      admission:
        mode === "open"
          ? { mode }
          : { mode, ratePerSecond: 10, registrationOpensAt: iso(OPENING - HOUR_MS) },
    }),
  );
  return { clock, saleId: sale.id };
}

const get = (saleId: string, token?: string) =>
  call<DrawDocument>("GET", `/api/sales/${saleId}/draw`, token === undefined ? {} : { token });

test("names the commitment and the round before the draw, and keeps the seed secret", async () => {
  const { saleId } = await givenSale();
  const { status, body, headers } = await get(saleId);
  expect(status).toBe(200);
  expect(headers.get("cache-control")).toBe("public, max-age=1, stale-if-error=0");
  expect(body).toEqual({
    saleId,
    mode: "draw",
    commitment: expect.stringMatching(/^[0-9a-f]{64}$/),
    round: expect.any(Number),
    chain: CHAIN,
    registrationClosesAt: iso(OPENING),
    revealed: false,
  });
});

test.each(["draw", "queue"] as const)("publishes a %s that anyone can verify", async (mode) => {
  const { saleId, clock } = await givenSale(mode);
  const before = (await get(saleId)).body;
  await register(saleId, 100);
  await open(saleId, clock);
  await tickFor(saleId, clock, 5);
  const { body } = await get(saleId);
  if (!body.revealed) throw new Error("not revealed");
  expect(body.commitment).toBe(before.commitment);
  expect(body.history.length).toBeGreaterThan(1);
  const place = await earlyPlaceWeb(body, { saleId, userId: "alice" });
  const checks = await verifyDraw(body, { userId: "alice", place, chain: CHAIN });
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(checks).toHaveLength(9);
});

test("stays without a draw while the beacon is silent", async () => {
  const { saleId, clock } = await givenSale();
  await drandIs("silent");
  await open(saleId, clock);
  await tick(saleId);
  expect((await get(saleId)).body).not.toHaveProperty("seed");
});

test("is the same for everyone, and asks the object once for all of them", async () => {
  const { saleId } = await givenSale();
  const spy = vi.spyOn(SaleLine.prototype, "draw");
  onTestFinished(() => spy.mockRestore());
  const token = await tokenFor(unique("reader"));
  const first = await get(saleId);
  const answers = await Promise.all([get(saleId), get(saleId, token), get(saleId), get(saleId)]);
  for (const { body } of answers) expect(body).toEqual(first.body);
  expect(spy).toHaveBeenCalledTimes(1);
});

test("is not found for a sale without a line, and for no sale", async () => {
  const { saleId } = await givenSale("open");
  expect(await get(saleId)).toMatchObject({ status: 404, code: "not_found" });
  expect(await get(unique("none"))).toMatchObject({ status: 404, code: "not_found" });
});
