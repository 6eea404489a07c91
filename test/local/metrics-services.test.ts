// Three Worker services in one workerd, bound to the same objects, count apart. The merged figures equal what was counted from
// outside.
import { join } from "node:path";
import type { V4WorkerOptions } from "miniflare";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildWorker, startMiniflare, workerOptions } from "../../src/local/miniflare.ts";
import { LOCAL_ADMIN_TOKEN, LOCAL_AUTH_SECRET } from "../../src/local/settings.ts";
import { startServices } from "../../src/local/stack.ts";
import { makeTempDir } from "../../src/local/temp-dir.ts";
import { tokenSigner } from "../../src/local/tokens.ts";
import { PATIENT_BREAKERS } from "../setup/patient-breakers.ts";
import { START_TIMEOUT } from "./stack.ts";

const NAMES = ["doorbuster", "second", "third"];
const SALE = "drop";
const signToken = tokenSigner(LOCAL_AUTH_SECRET);
const parts = new AsyncDisposableStack();
/** The addresses of the services. */
let services: URL[];

beforeAll(async () => {
  const stateDir = makeTempDir("metrics");
  const { vars, stop } = await startServices(stateDir);
  parts.defer(stop);
  const first = {
    ...workerOptions(await buildWorker(), { ...vars, ...PATIENT_BREAKERS }),
    unsafeDirectSockets: [{ host: "127.0.0.1" }],
  };
  const workers = NAMES.map((name) => (name === first.name ? first : besides(first, name)));
  const miniflare = startMiniflare(workers, { stateDir: join(stateDir, "worker") });
  parts.defer(() => miniflare.dispose());
  await miniflare.ready;
  services = await Promise.all(NAMES.map((name) => miniflare.unsafeGetDirectURL(name)));
}, START_TIMEOUT);

afterAll(() => parts.disposeAsync());

/** Another service that uses the objects of the first one. Only the first one consumes the queues. */
function besides(first: V4WorkerOptions, name: string): V4WorkerOptions {
  const { queueConsumers: _, durableObjects = {}, ...options } = first;
  const shared = Object.entries(durableObjects).map(([binding, object]) => [
    binding,
    { ...(object as object), scriptName: first.name },
  ]);
  return { ...options, name, durableObjects: Object.fromEntries(shared) };
}

async function admin<Body>(method: string, path: string, body?: unknown): Promise<Body> {
  const response = await fetch(new URL(`/api/admin${path}`, services[0]), {
    method,
    headers: {
      authorization: `Bearer ${LOCAL_ADMIN_TOKEN}`,
      "content-type": "application/json",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return response.json() as Promise<Body>;
}

const sku = (id: string, stock: number) => ({
  ...{ id, name: "Shoe", unitPrice: { amount: 0, currency: "USD" }, stock, perUserLimit: 1 },
  holdSeconds: 300,
});

/** Every 5xx together: a busy machine may cause some, and the figures must have them all the same. */
const FAILED = "5xx";
const FAILURES = ["unavailable", "overloaded"];

/** What was counted, by code. */
type Counts = Record<string, number>;

const addTo = (counts: Counts, series: string): void => {
  counts[series] = (counts[series] ?? 0) + 1;
};

/** Sends one attempt to buy to a service. `token` undefined: nobody is signed in. */
async function buy(service: URL, token: string | undefined, body: object): Promise<string> {
  const response = await fetch(new URL("/api/skus/shoe/orders", service), {
    method: "POST",
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      "content-type": "application/json",
      "idempotency-key": crypto.randomUUID(),
    },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as { code?: string };
  if (response.status >= 500) return FAILED;
  return response.status === 202 ? "accepted" : (answer.code ?? `${response.status}`);
}

/** Attempts that end in different ways at all services at once. Returns what they answered. */
async function crowd(people: number): Promise<Counts> {
  const outside: Counts = {};
  await Promise.all(
    Array.from({ length: people }, async (_, index) => {
      const service = services[index % services.length] as URL;
      const token = index % 5 === 0 ? undefined : await signToken(`buyer-${index}`);
      const body = index % 7 === 0 ? { quantity: 0 } : { quantity: 1 };
      addTo(outside, await buy(service, token, body));
    }),
  );
  return outside;
}

interface Reading {
  missingShards: number[];
  lostBatches: number;
  series: { name: string; labels: Record<string, string>; total: number | number[] }[];
}

/** The same figures as the merged metrics have them. */
function insideOf(reading: Reading): Counts {
  const { series } = reading;
  const failed = requestsTo(reading, "buy", FAILED);
  const counts: Counts = failed > 0 ? { [FAILED]: failed } : {};
  for (const { name, labels, total } of series) {
    const isOrder = name === "doorbuster_orders_total";
    const isRefusal = name === "doorbuster_funnel_refused_total";
    if ((!isOrder && !isRefusal) || labels.sale !== SALE) continue;
    const what = (isOrder ? labels.outcome : labels.reason) ?? "";
    if (FAILURES.includes(what)) continue;
    counts[what] = (counts[what] ?? 0) + Number(total);
  }
  return counts;
}

/** Requests by group of routes, and by class of status if given. */
const requestsTo = ({ series }: Reading, group: string, status?: string): number =>
  series
    .filter(({ name, labels }) => name === "doorbuster_http_seconds" && labels.route === group)
    .filter(({ labels }) => status === undefined || labels.class === status)
    .flatMap(({ total }) => (total as number[]).slice(0, -1))
    .reduce((sum, count) => sum + count, 0);

test("the merged figures equal those counted from outside, exactly", async () => {
  await admin("PUT", `/sales/${SALE}`, {
    ...{ id: SALE, title: "Drop", description: "", opensAt: "2026-01-01T00:00:00Z" },
    ...{ closesAt: new Date(Date.now() + 3_600_000).toISOString(), admission: { mode: "open" } },
    skus: [sku("shoe", 50)],
  });
  // Every isolate knows the sale from its first page view on.
  for (const service of services) await fetch(new URL(`/sales/${SALE}`, service));
  const outside = await crowd(300);
  expect(outside.accepted).toBe(50);
  expect(Object.values(outside).reduce((sum, count) => sum + count, 0)).toBe(300);

  const merged = async () => admin<Reading>("GET", "/metrics");
  await expect
    .poll(async () => insideOf(await merged()), { timeout: 60_000, interval: 500 })
    .toEqual(outside);
  const { missingShards, lostBatches } = await merged();
  expect([missingShards, lostBatches]).toEqual([[], 0]);
  expect(requestsTo(await merged(), "buy")).toBe(300);
  await expect.poll(async () => requestsTo(await merged(), "pages")).toBe(3);
  // Nothing is counted twice later on.
  expect(insideOf(await merged())).toEqual(outside);
});
