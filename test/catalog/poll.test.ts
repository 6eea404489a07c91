// What a watched colo costs Redis: one command for catalog, rules and stock together, by the rhythm of the sales. And what an
// operator's change costs in time while nothing is on.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, test, vi } from "vitest";
import type { Check } from "../../src/admin/preflight/check.ts";
import { findSale } from "../../src/catalog/archive.ts";
import { readReading } from "../../src/catalog/live-reading.ts";
import { configureObjects, publish } from "../../src/catalog/propagation.ts";
import type { CatalogEntry, Sale } from "../../src/catalog/schema.ts";
import { CHANGE_SHOWN_MS, readCatalog } from "../../src/catalog/snapshot.ts";
import { registryOf } from "../../src/catalog/store.ts";
import { requireConfig } from "../../src/config/config.ts";
import { flightsUnderWay } from "../../src/edge/single-flight.ts";
import { readRules } from "../../src/funnel/deny-list.ts";
import { givenClock } from "../support/clock.ts";
import { admin, call } from "../support/http.ts";
import { redisCost } from "../support/redis.ts";
import { resetState } from "../support/reset.ts";
import {
  aBuyer,
  aSale,
  order,
  putSale,
  stockPublished,
  suppressLiveStock,
  unique,
} from "../support/shop.ts";

// Sales of earlier tests would set the rhythm.
beforeEach(resetState);

const DAY_MS = 86_400_000;
const iso = (time: number) => new Date(time).toISOString();
const scope = () => {
  const context = createExecutionContext();
  return { config: requireConfig(env), env, waitUntil: context.waitUntil.bind(context) };
};

/** Given a sale that opens after `opensInMs`, whose stock is known, and a clock that stands still. */
async function given(opensInMs: number) {
  const clock = givenClock(Date.now());
  const opensAt = Date.now() + opensInMs;
  const sale = await putSale(aSale({ opensAt: iso(opensAt), closesAt: iso(opensAt + DAY_MS) }));
  const skuId = sale.skus[0]?.id as string;
  await stockPublished(skuId, 10);
  suppressLiveStock();
  return { clock, sale, skuId };
}

/** Everything that people ask of an edge without a command of their own. */
async function visit({ id }: Sale, skuId: string): Promise<void> {
  const paths = [`/sales/${id}`, `/api/sales/${id}`, `/api/sales/${id}/live`, "/api/sales"];
  await Promise.all([
    ...paths.map((path) => call("GET", path)),
    call("POST", `/api/skus/${skuId}/orders`, {
      headers: { "idempotency-key": unique("key") },
      body: { quantity: 1 },
    }),
  ]);
  await vi.waitUntil(() => flightsUnderWay() === 0, { timeout: 60_000 });
}

/** The commands per second of a colo whose visitors come every `everyMs`, over `visits` visits. */
async function perSecond(opensInMs: number, everyMs: number, visits: number): Promise<number> {
  const { clock, sale, skuId } = await given(opensInMs);
  await visit(sale, skuId);
  const { commands, roundTrips } = await redisCost(async () => {
    for (let nth = 0; nth < visits; nth += 1) {
      clock.moveTo(Date.now() + everyMs);
      await visit(sale, skuId);
    }
  });
  expect(commands).toBe(roundTrips);
  return commands / ((visits * everyMs) / 1_000);
}

test("a colo where a sale is watched sends one command about every second while it sells", async () => {
  const rate = await perSecond(-60_000, 500, 40);
  expect(rate).toBeGreaterThan(0.5);
  expect(rate).toBeLessThanOrEqual(1 / 0.75);
});

test("a colo where a sale is watched that opens tomorrow sends at most one command in 20 seconds", async () => {
  // Nobody presses Buy before the opening: an attempt makes sure that it is refused rightly.
  const { clock, sale } = await given(DAY_MS);
  const look = () =>
    Promise.all(
      [`/sales/${sale.id}`, `/api/sales/${sale.id}/live`].map((path) => call("GET", path)),
    );
  await look();
  const seconds = 600;
  const { commands } = await redisCost(async () => {
    for (let second = 0; second < seconds; second += 5) {
      clock.moveTo(Date.now() + 5_000);
      await look();
      await vi.waitUntil(() => flightsUnderWay() === 0, { timeout: 60_000 });
    }
  });
  expect(commands).toBeGreaterThan(0);
  expect(commands / seconds).toBeLessThanOrEqual(0.05);
});

test("nothing is parsed again while nothing changes", async () => {
  const { clock, sale, skuId } = await given(-60_000);
  const held = async () => {
    await visit(sale, skuId);
    const entry = (await findSale(scope(), sale.id)) as CatalogEntry;
    const { value, readAt } = await readReading(scope(), entry);
    return { objects: [await readCatalog(scope()), await readRules(scope()), value.stock], readAt };
  };
  const before = await held();
  clock.moveTo(Date.now() + 10_000);
  const after = await held();
  expect(after.readAt).toBeGreaterThan(before.readAt);
  for (const [at, object] of after.objects.entries()) expect(object).toBe(before.objects[at]);
});

test("while nothing is on, a sale that is created to open in a moment is sold at once, and has its page at once", async () => {
  const { clock, sale: far, skuId } = await given(DAY_MS);
  await visit(far, skuId);
  clock.moveTo(Date.now() + 20_000); // an edge asks again only after 45 seconds
  const sale = aSale({ opensAt: iso(Date.now() + 30_000) });
  await putElsewhere(sale);
  expect((await call("GET", `/sales/${sale.id}`)).status).toBe(200);
  expect((await order(await aBuyer(), sale.skus[0]?.id as string)).code).toBe("sale_not_open");
});

test("while nothing is on, an opening that is moved nearer is right for buyers at once, and on pages within a minute", async () => {
  const { clock, sale, skuId } = await given(DAY_MS);
  await visit(sale, skuId);
  clock.moveTo(Date.now() + 20_000);
  const opensAt = Date.now() - 1;
  const movedAt = Date.now();
  await putElsewhere({ ...sale, opensAt: iso(opensAt) });

  clock.moveTo(movedAt + 2_000);
  expect((await order(await aBuyer(), skuId)).status).toBe(202);
  clock.moveTo(movedAt + CHANGE_SHOWN_MS);
  const { body } = await call<{ opensAt: string }>("GET", `/api/sales/${sale.id}/live`);
  expect(body.opensAt).toBe(iso(opensAt));
});

test.each([
  [30_000, "warn"],
  [120_000, "ok"],
])(
  "the preflight of a sale that opens %d ms after its last change says %s about its pages",
  async (opensInMs, state) => {
    givenClock(Date.now());
    const sale = await putSale(aSale({ opensAt: iso(Date.now() + opensInMs) }));
    const { body } = await admin<{ checks: Check[] }>("GET", `/sales/${sale.id}/preflight`);
    expect(body.checks.find(({ name }) => name === "edges")).toMatchObject({ state });
  },
);

/** Saves a sale as another isolate does. This one does not notice. */
async function putElsewhere(sale: Sale): Promise<void> {
  using put = await registryOf(env).put(sale);
  if (!put.ok) throw new Error(put.reason);
  await configureObjects(env, requireConfig(env), put.registered);
  await publish(env, requireConfig(env));
}
