// The operator's grants for rehearsals: for whom, for which sales, how many, and what the log says about them.
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { LogEntry } from "../../src/catalog/log-entry.ts";
import type { Sale } from "../../src/catalog/schema.ts";
import { type Config, requireConfig } from "../../src/config/config.ts";
import { toOrderMessage } from "../../src/inventory/messages.ts";
import { settlePayment } from "../../src/orders/settle-payment.ts";
import { TestGateway } from "../orders/saga-fixtures.ts";
import { givenClock } from "../support/clock.ts";
import { admin, call, contractFaults, VIEWER_TOKEN } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aRehearsalSale, aSynthetic, askForGrant, givenRehearsal } from "../support/rehearsal.ts";
import {
  aBuyer,
  aSale,
  aSku,
  bought,
  onSale,
  order,
  putSale,
  tally,
  unique,
} from "../support/shop.ts";

beforeAll(emptyRedis);
beforeAll(pauseQueue);

type Document = Record<string, unknown> & { id: string };
const put = (sale: Document) => admin("PUT", `/sales/${sale.id}`, { body: sale });
const issuesOf = async (sale: Document) => {
  const { status, body } = await put(sale);
  return [status, (body.issues as { path: string }[] | undefined)?.map(({ path }) => path)];
};
const granted = async (saleId: string): Promise<LogEntry[]> => {
  const path = `/log?target=${encodeURIComponent(`sale/${saleId}`)}`;
  const { body } = await admin<{ entries: LogEntry[] }>("GET", path);
  return body.entries.filter(({ action }) => action === "rehearsal.granted");
};

/** Changes the configuration until the end of the test. */
function givenConfig(changes: Partial<Config>): void {
  const config = requireConfig(env);
  const before = { ...config };
  Object.assign(config, changes);
  onTestFinished(() => void Object.assign(config, before));
}

describe("a grant", () => {
  test("leaves one entry in the log, which names it and never has it", async () => {
    const { saleId, grant } = await givenRehearsal();
    const entries = await granted(saleId);
    const [, expires, id, key] = grant.split(".");
    expect(entries).toMatchObject([
      { action: "rehearsal.granted", target: `sale/${saleId}`, outcome: "done" },
    ]);
    expect(entries[0]?.changes).toContainEqual({ path: "grant", after: id });
    const expiresAt = new Date(Number(expires) * 1_000).toISOString();
    expect(entries[0]?.changes).toContainEqual({ path: "expiresAt", after: expiresAt });
    expect(JSON.stringify(entries)).not.toContain(key);
  });

  test("is for operators only", async () => {
    const { saleId } = await givenRehearsal();
    const path = `/api/admin/sales/${saleId}/rehearsal-grants`;
    const buyer = await aBuyer();
    const statuses = [];
    for (const token of [VIEWER_TOKEN, buyer.token, "forged", undefined]) {
      const answer = await call("POST", path, { ...(token && { token }), body: {} });
      expect(contractFaults(answer)).toEqual([]);
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([403, 401, 401, 401]);
    expect(await granted(saleId)).toHaveLength(1);
  });

  test("is refused for a sale that is listed, unlisted but real, over, deleted, or unknown", async () => {
    const clock = givenClock(Date.now());
    const listed = await putSale(aSale());
    const unlisted = await putSale(aSale({ listed: false, id: unique("rehearsal") }));
    const over = await givenRehearsal();
    const deleted = await givenRehearsal();
    await admin("DELETE", `/sales/${deleted.saleId}`);
    const names = [listed.id, unlisted.id, deleted.saleId, unique("sale"), "Not%20an%20id"];
    for (const name of names) expect((await askForGrant(name)).code).toBe("not_found");
    clock.moveTo(Date.parse(over.sale.closesAt));
    expect((await askForGrant(over.saleId)).code).toBe("sale_closed");
  });

  test.each([59, 3_601, 86_400, -1, 1.5, "600", null])(
    "is never good for %j seconds",
    async (validSeconds) => {
      const { saleId } = await givenRehearsal();
      expect((await askForGrant(saleId, { validSeconds })).code).toBe("invalid_request");
    },
  );

  test("is good for an hour at most", async () => {
    givenClock(Date.now());
    const { saleId } = await givenRehearsal();
    const { body } = await askForGrant(saleId);
    const left = Date.parse(body.expiresAt) - Date.now();
    expect(left).toBeGreaterThan(3_590_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
  });

  test("is made ten times an hour at most, also if all ask at once, and refused tries do not hide it", async () => {
    const clock = givenClock(Date.now());
    const { saleId } = await givenRehearsal();
    const answers = await Promise.all(Array.from({ length: 30 }, () => askForGrant(saleId)));
    expect(tally(answers)[201] ?? 0).toBeLessThanOrEqual(9);
    for (const answer of answers) expect(contractFaults(answer)).toEqual([]);
    for (let n = 0; n < 60; n += 1) await askForGrant(saleId);
    const done = (await granted(saleId)).filter(({ outcome }) => outcome === "done");
    expect(done.length).toBeLessThanOrEqual(10);
    expect((await askForGrant(saleId)).code).toBe("rate_limited");
    clock.moveTo(Date.now() + 3_590_000);
    expect((await askForGrant(saleId)).code).toBe("rate_limited");
  });
});

describe("a rehearsal", () => {
  test.each<[string, Partial<Sale>, string]>([
    ["listed", { listed: true }, "listed"],
    ["named like a real sale", { id: unique("sale") }, "id"],
    [
      "open for more than two hours",
      { closesAt: new Date(Date.now() + 2 * 3_600_000).toISOString() },
      "closesAt",
    ],
  ])("is never %s", async (_, changes, path) => {
    expect(await issuesOf(aRehearsalSale(changes))).toEqual([400, [path]]);
  });

  test("is never listed by default", async () => {
    const { listed: _, ...sale } = aRehearsalSale();
    expect(await issuesOf(sale)).toEqual([400, ["listed"]]);
    expect(await issuesOf({ ...aRehearsalSale(), rehearsal: false })).toEqual([400, ["rehearsal"]]);
  });

  test("is made as one: no sale becomes a rehearsal, and no rehearsal becomes a sale", async () => {
    const rehearsal = aRehearsalSale();
    const { rehearsal: _, ...real } = rehearsal;
    expect((await put(real)).status).toBe(201);
    expect(await issuesOf(rehearsal)).toEqual([400, ["rehearsal"]]);
    await admin("DELETE", `/sales/${real.id}`);
    expect(await issuesOf(rehearsal)).toEqual([400, ["rehearsal"]]);

    const { sale } = await givenRehearsal();
    const { rehearsal: __, ...listed } = { ...sale, listed: true };
    expect(await issuesOf(listed)).toEqual([400, ["rehearsal"]]);
    expect((await put({ ...sale, title: "Changed" })).status).toBe(200);
  });

  test("takes the id of a deleted one only once the grants of that are over", async () => {
    const clock = givenClock(Date.now());
    const { sale, grant } = await givenRehearsal();
    expect((await admin("DELETE", `/sales/${sale.id}`)).status).toBe(204);
    expect(await issuesOf(sale)).toEqual([400, ["id"]]);

    clock.moveTo(Date.now() + 3_600_001);
    const again = aRehearsalSale({ id: sale.id });
    expect((await put(again)).status).toBe(201);
    const person = aSynthetic({ saleId: sale.id, grant });
    expect((await order(person, again.skus[0]?.id ?? "")).code).toBe("unauthenticated");
  });

  test("takes the id of a deleted one that had no grant at once", async () => {
    const sale = await putSale(aRehearsalSale());
    expect((await admin("DELETE", `/sales/${sale.id}`)).status).toBe(204);
    expect((await put(sale)).status).toBe(201);
  });

  test("takes no SKU that has been in a real sale", async () => {
    const skuId = await onSale();
    expect(await issuesOf(aRehearsalSale({ skus: [aSku({ id: skuId })] }))).toEqual([
      400,
      ["skus.0.id"],
    ]);
    const { id, skus } = await putSale(aSale());
    await admin("DELETE", `/sales/${id}`);
    expect(await issuesOf(aRehearsalSale({ skus }))).toEqual([400, ["skus.0.id"]]);
  });

  test("never charges real money", async () => {
    const sale = () => aRehearsalSale({ skus: [aSku({ price: 1_200 })] });
    const refused = [400, ["skus.0.unitPrice"]];
    expect((await put(sale())).status).toBe(201); // the sandbox
    givenConfig({ PAYMENTS: "external" });
    expect(await issuesOf(sale())).toEqual(refused);
    givenConfig({ PAYMENTS: undefined });
    expect(await issuesOf(sale())).toEqual(refused);
    for (const key of ["sk_live_x", "rk_live_x", "", "x_sk_test_"]) {
      givenConfig({ PAYMENTS: "stripe", STRIPE_SECRET_KEY: key });
      expect(await issuesOf(sale())).toEqual(refused);
    }
    givenConfig({ PAYMENTS: "stripe", STRIPE_SECRET_KEY: "sk_test_x" });
    expect((await put(sale())).status).toBe(201);
  });

  test("stops at once when the deployment turns to real money, and nothing under way is charged", async () => {
    const priced = await givenRehearsal({ skus: [aSku({ price: 1_200 })] });
    const free = await givenRehearsal();
    const person = aSynthetic(priced);
    const { id: orderId } = await bought(person, priced.skuId, { paymentToken: "tok_ok" });
    const message = toOrderMessage({ userId: person.id, orderId, version: 1 });
    for (const real of [
      { PAYMENTS: "stripe", STRIPE_SECRET_KEY: "sk_live_x" },
      { PAYMENTS: "external" },
      { PAYMENTS: undefined },
    ] as const) {
      givenConfig(real);
      expect((await order(person, priced.skuId)).status).toBe(401);
      const pay = { token: person.token, body: { paymentToken: "tok_ok" } };
      expect((await call("POST", `/api/orders/${orderId}/payment`, pay)).status).toBe(401);
      expect((await order(aSynthetic(free), free.skuId)).status).toBe(202);
      const gateway = new TestGateway();
      await settlePayment(message, env, gateway, { mayCharge: true });
      expect(gateway.calls).toEqual([]);
    }
    givenConfig({ PAYMENTS: "sandbox" });
    const gateway = new TestGateway();
    await settlePayment(message, env, gateway, { mayCharge: true });
    expect(gateway.calls).toEqual([`charge ${orderId}`]);
  });

  test("is in no list", async () => {
    const { saleId } = await givenRehearsal();
    const { body } = await call("GET", "/api/sales");
    expect(JSON.stringify(body)).not.toContain(saleId);
  });
});
