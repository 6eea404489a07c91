// The operator's API for a sale's line.
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { lineOf } from "../../src/admission/client.ts";
import type { Sale } from "../../src/catalog/schema.ts";
import { requireConfig } from "../../src/config/config.ts";
import { reconcile } from "../../src/reconcile.ts";
import { givenClock } from "../support/clock.ts";
import { admin } from "../support/http.ts";
import { aSale, aSku, putSale, unique } from "../support/shop.ts";

const HOUR_MS = 3_600_000;
const at = (offsetMs: number) => new Date(Date.now() + offsetMs).toISOString();

/** A sale with a line, an hour before it opens. */
const aSaleWithLine = (changes: Partial<Sale> = {}): Sale =>
  aSale({
    opensAt: at(HOUR_MS),
    closesAt: at(2 * HOUR_MS),
    admission: { mode: "queue", ratePerSecond: 50 },
    ...changes,
  });

const put = (sale: Sale, headers = {}) =>
  admin("PUT", `/sales/${sale.id}`, { body: sale, headers });

describe("the line of a sale", () => {
  test("exists as soon as the sale is saved, and is gone with it", async () => {
    const sale = await putSale(aSaleWithLine());
    expect((await admin("GET", `/sales/${sale.id}/line`)).body).toMatchObject({
      saleId: sale.id,
      mode: "queue",
      ratePerSecond: 50,
      registrationClosesAt: sale.opensAt,
      registered: 0,
      beacon: { state: "waiting" },
    });
    await admin("DELETE", `/sales/${sale.id}`);
    expect((await admin("GET", `/sales/${sale.id}/line`)).status).toBe(404);
  });

  test("changes with the sale, and ends when the sale becomes open to all", async () => {
    const sale = await putSale(aSaleWithLine());
    await put({ ...sale, admission: { mode: "draw", ratePerSecond: 7 } });
    const { body } = await admin("GET", `/sales/${sale.id}/line`);
    expect(body).toMatchObject({ mode: "draw", ratePerSecond: 7 });
    await put({ ...sale, admission: { mode: "open" } });
    expect((await admin("GET", `/sales/${sale.id}/line`)).status).toBe(404);
  });

  test("gets the stock of a restock", async () => {
    const sku = aSku({ stock: 5 });
    const sale = await putSale(aSaleWithLine({ skus: [sku] }));
    const headers = { "idempotency-key": unique("key") };
    await admin("POST", `/skus/${sku.id}/restock`, { body: { quantity: 3 }, headers });
    const terms = await lineOf(env, sale.id).configure({
      saleId: sale.id,
      revision: 0,
      terms: null,
    });
    expect(terms?.skus).toEqual([{ id: sku.id, stock: 8, isFree: true, perUserLimit: 1 }]);
  });

  test("is configured by the reconciliation if that failed when the sale was saved", async () => {
    const sale = aSaleWithLine();
    const lines = env.SALE_LINES.getByName;
    Object.defineProperty(env.SALE_LINES, "getByName", {
      configurable: true,
      value: () => {
        throw new Error("the object does not answer");
      },
    });
    const answer = await put(sale);
    Object.defineProperty(env.SALE_LINES, "getByName", { configurable: true, value: lines });
    expect(answer).toMatchObject({ status: 503, code: "unavailable" });
    await reconcile(env, requireConfig(env), Date.now());
    expect((await admin("GET", `/sales/${sale.id}/line`)).status).toBe(200);
  });
});

describe("an operator's change", () => {
  test("applies at once and says what is in effect", async () => {
    const sale = await putSale(aSaleWithLine());
    const path = `/sales/${sale.id}/line`;
    const change = { ratePerSecond: 5, paused: true, notice: "Soon" };
    expect((await admin("PUT", path, { body: change })).body).toMatchObject(change);
    expect((await admin("PUT", path, { body: { notice: null } })).body).toMatchObject({
      ratePerSecond: 5,
      paused: true,
      notice: null,
    });
  });

  test.each([
    [{ ratePerSecond: 0 }, "ratePerSecond"],
    [{ ratePerSecond: 1_001 }, "ratePerSecond"],
    [{ paused: "yes" }, "paused"],
    [{ notice: "x".repeat(301) }, "notice"],
    [{ frontier: 1 }, ""],
  ])("is refused if it is %j", async (body, path) => {
    const sale = await putSale(aSaleWithLine());
    const answer = await admin("PUT", `/sales/${sale.id}/line`, { body });
    expect(answer).toMatchObject({ status: 400, code: "invalid_request" });
    expect(JSON.stringify(answer.body)).toContain(`"path":"${path}`);
  });

  test.each(["no-such-sale", "NOT%20AN%20ID", "%00"])("is refused for %s", async (id) => {
    expect((await admin("PUT", `/sales/${id}/line`, { body: {} })).status).toBe(404);
    expect((await admin("GET", `/sales/${id}/line`)).status).toBe(404);
  });

  test("is refused for a sale without a line", async () => {
    const sale = await putSale(aSale());
    expect((await admin("GET", `/sales/${sale.id}/line`)).status).toBe(404);
  });
});

describe("a sale whose registration has closed", () => {
  test.each([
    [
      "another close",
      { opensAt: at(3 * HOUR_MS), closesAt: at(9 * HOUR_MS) },
      "registrationClosesAt",
    ],
    ["another mode", { admission: { mode: "draw", ratePerSecond: 50 } }, "mode"],
  ] as const)("refuses %s, and accepts other changes", async (_, change, field) => {
    const sale = await putSale(aSaleWithLine());
    const clock = givenClock(Date.now());
    clock.moveTo(Date.parse(sale.opensAt) + 1_000);
    const answer = await put({ ...sale, ...change } as Sale);
    expect(answer).toMatchObject({ status: 400, code: "invalid_request" });
    expect(JSON.stringify(answer.body)).toContain(`admission.${field}`);
    expect((await put({ ...sale, title: "Another title" })).status).toBe(200);
    expect((await put({ ...sale, admission: { mode: "open" } })).status).toBe(200);
  });

  test("cannot get its close moved into the past by an earlier opening", async () => {
    const sale = await putSale(aSaleWithLine());
    const answer = await put({ ...sale, opensAt: at(-1_000) });
    expect(answer).toMatchObject({ status: 400, code: "invalid_request" });
    expect((await put({ ...sale, opensAt: at(2_000) })).status).toBe(200);
  });
});
