// Overfills every memory of an isolate with realistic entries and prints how much heap each one uses.
// `memory.test.ts` runs it in a separate process with `--expose-gc`.
import ipaddr from "ipaddr.js";
import "../../src/admin/auth.ts";
import "../../src/catalog/archive.ts";
import "../../src/funnel/arrivals.ts";
import "../../src/funnel/challenge.ts";
import "../../src/funnel/identity.ts";
import "../../src/funnel/limits.ts";
import "../../src/funnel/shedding.ts";
import "../../src/funnel/sold-out.ts";
import { readingBytes } from "../../src/catalog/live-reading.ts";
import { allMemories, BUDGETS, type MemoryName } from "../../src/edge/memory.ts";
import { completeHeaders } from "../../src/http/headers.ts";
import { BuyerFilter, MAX_RECENT } from "../../src/inventory/buyers.ts";
import { ArrivalSample, SAMPLE_LIMIT } from "../../src/line/arrival-sample.ts";
import "../../src/line/draw-route.ts";
import "../../src/pages/page-cache.ts";
import { SwrCache } from "../../src/edge/swr-cache.ts";

/** The size of one memory, in bytes. */
export interface Filled {
  name: MemoryName;
  budget: number;
  /** The size that the memory calculates for itself when full. */
  declared: number;
  /** The heap that it uses when full. */
  measured: number;
}

type Sample = (i: number) => readonly [key: string, value: NonNullable<unknown>];

/** Copies a string into one flat piece, as a header or a parser returns it, instead of a rope of slices. */
const read = (text: string): string => Buffer.from(text).toString();
/** A unique id for `i` with a fixed number of characters. */
const nth = (i: number, digits = 12): string => read(i.toString(16).padStart(digits, "0"));
/** A user id in an identity provider's format. */
const user = (i: number): string => read(`auth0|${nth(i, 24)}`);
const address = (i: number): string =>
  read(`2001:db8:${(i >> 16).toString(16)}:${(i & 65_535).toString(16)}::1`);
const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at));
const hash = (i: number): string => nth(i * 7_919, 16);

const person = (i: number) => ({ userId: user(i), email: `${user(i)}@example.com` });

/** Sample entries for every memory. The smallest come first, because a memory holds the most of those. */
const SAMPLES: Record<MemoryName, Sample[]> = {
  pages: [(i) => [`sale/${nth(i)}`, aPage(i, 300)], (i) => [`sale/${nth(i)}`, aPage(i, 40_000)]],
  tokens: [
    (i) => [nth(i, 200), { person: person(i), expiresAt: Date.now() + i, config: BUDGETS }],
    (i) => [nth(i, 8_000), { person: person(i), expiresAt: Date.now() + i, config: BUDGETS }],
  ],
  limits: [
    (i) => [`limit:sale:order:user:20:60:${user(i)}`, { until: Date.now() + i, left: 20 }],
    (i) => [`limit:sale:order:user:20:60:імʼя-${user(i)}`, { until: Date.now() + i, left: 20 }],
  ],
  histories: [(i) => [user(i), { limitRefusals: i, failedChallenges: 1, ignoredChallenges: 2 }]],
  blocks: [(i) => [user(i), true]],
  accounts: [
    (i) => [address(i), new Set([hash(i)])],
    (i) => [address(i), new Set(times(256, (at) => hash(i * 256 + at)))],
  ],
  visits: [(i) => [read(`0b51c0de-0000-4000-8000-${nth(i)}`), hash(i)]],
  challenges: [(i) => [`sale|${user(i)}`, true]],
  addresses: [
    (i) => [address(i), { parsed: ipaddr.parse(address(i)), block: read(`${address(i)}/64`) }],
  ],
  hashes: [(i) => [`secret-of-forty-characters|user:${user(i)}`, nth(i, 32)]],
  bought: [(i) => [`sku|${user(i)}`, true]],
  unstored: [
    (i) => [user(i), [{ orderId: `sku.0.${nth(i, 20)}`, at: Date.now() + i }]],
    (i) => [
      user(i),
      times(5, (at) => ({ orderId: `sku.0.${nth(i * 5 + at, 20)}`, at: Date.now() })),
    ],
  ],
  objectStocks: [(i) => [`sku-${nth(i)}`, soldOut(i)]],
  buyerRequests: [(i) => [`sku-${nth(i)}`, true]],
  missingKeys: [
    (i) => [`https://id.shop/jwks ${nth(i)}`, true],
    (i) => [`https://id.shop/jwks ${nth(i, 8_000)}`, true],
  ],
  lockedOut: [(i) => [read(`${address(i)}/64`), true]],
  stock: [
    (i) => [`live/sale-${nth(i)}/1`, aReading(i, 1)],
    (i) => [`live/sale-${nth(i)}/1`, aReading(i, 50)],
    (i) => [`live/sale-${nth(i)}/1`, aReading(i, 1, aLine())],
  ],
  draws: [
    (i) => [`sale-${nth(i)}`, { shared: shared(), text: null }],
    (i) => [`sale-${nth(i)}`, { shared: shared(), text: nth(i, 60_000) }],
  ],
  buyerFilters: [
    (i) => [`sku-${nth(i)}`, someBuyers(500)],
    (i) => [`sku-${nth(i)}`, someBuyers(1_000_000)],
  ],
  archive: [
    (i) => [`archive/1/sale/sale-${nth(i)}`, anOlderPage(i, 1)],
    (i) => [`archive/1/after/sale-${nth(i)}`, anOlderPage(i, 50)],
  ],
  arrivals: [(i) => [`sale-${nth(i)}`, { pending: aSample(), reportedAt: Date.now() + i }]],
  overloads: [(i) => [`sku-${nth(i)}`, { share: Math.random(), at: Date.now() + i }]],
  waiting: [
    (i) => [`sku-${nth(i)}`, new Map(times(32, (at) => [Symbol(), Date.now() + at] as const))],
  ],
};

const aSample = () =>
  new ArrivalSample({
    level: 0,
    entries: times(SAMPLE_LIMIT, () => [Math.floor(Math.random() * 2 ** 52), Date.now()]),
  });

function aPage(i: number, bytes: number) {
  const own = { "Content-Type": "text/html; charset=utf-8", ETag: `"${nth(i)}"` };
  const headers = () => completeHeaders(own);
  const body = new Uint8Array(bytes);
  return {
    version: nth(i),
    validUntil: i,
    body,
    etag: own.ETag,
    headers: headers(),
    lastHeaders: headers(),
  };
}

const shared = () =>
  new SwrCache({
    name: read("a value"),
    freshMs: 1,
    revalidateMs: 1,
    staleMs: 1,
    load: async () => "",
    build: () => 0,
  });

const soldOut = (i: number) => ({
  available: 0,
  held: 1,
  buyers: { format: 2, base: 0, recent: times(MAX_RECENT, (at) => 2 ** 52 + i * MAX_RECENT + at) },
});

/** A line with the most points. */
function aLine() {
  const line = { arrivals: times(100, (at) => [at + Math.random(), Math.random()]), frontier: 1.5 };
  return JSON.parse(JSON.stringify({ line, pass: "x".repeat(400) }));
}

/** The stock of a sold-out sale and its line, with the response. */
function aReading(i: number, skus: number, line?: ReturnType<typeof aLine>) {
  const stocks = times(skus, (sku) => soldOut(i * skus + sku));
  const ids = times(skus, (sku) => `sku-${nth(i)}-${nth(sku)}`);
  const known = new Map(ids.map((id, at) => [id, stocks[at]]));
  const answer = {
    asOf: read(new Date().toISOString()),
    skus: ids.map((id) => ({
      id,
      available: 0,
      held: 1,
      state: "held",
      unitPrice: { amount: 1, currency: "USD" },
    })),
  };
  const all = { ...answer, ...line };
  const bytes = readingBytes(skus, line !== undefined);
  return { shared: shared(), bytes, known, answer: all, body: read(JSON.stringify(all)) };
}

/** Sales with twenty SKUs each, as the registry returned them and as parsed. */
function anOlderPage(i: number, sales: number) {
  const page = times(sales, (at) => ({
    id: `sale-${nth(i)}-${at}`,
    revision: i,
    sale: {
      title: nth(i, 40),
      description: nth(i, 200),
      opensAt: "2026-12-01T09:00:00.000Z",
      closesAt: "2026-12-01T12:00:00.000Z",
      skus: times(20, (sku) => ({
        id: `sku-${nth(i)}-${at}-${sku}`,
        name: nth(sku, 20),
        unitPrice: { amount: 12_000, currency: "USD" },
        stock: 20,
        perUserLimit: 1,
        holdSeconds: 300,
      })),
    },
  }));
  const text = JSON.stringify(page);
  return { shared: shared(), size: text.length, raw: JSON.parse(text), parsed: JSON.parse(text) };
}

const someBuyers = (base: number) => ({ base, filter: shared(), known: BuyerFilter.empty(base) });

function heap(): number {
  gc?.();
  gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function fill(name: MemoryName, sample: Sample): Filled {
  const memory = allMemories().get(name);
  if (!memory) throw new Error(`no module creates the memory ${name}`);
  memory.clear();
  const before = heap();
  for (let i = 0; i < 1.2 * memory.size + 1; i += 1) memory.set(...sample(i));
  const filled = {
    name,
    budget: BUDGETS[name],
    declared: memory.calculatedSize,
    measured: heap() - before,
  };
  memory.clear();
  return filled;
}

/** The middle one of three measurements: compiled code that comes or goes meanwhile spoils one of them. */
function measure(name: MemoryName, sample: Sample): Filled {
  const all = times(3, () => fill(name, sample)).toSorted((a, b) => a.measured - b.measured);
  return all[1] as Filled;
}

const names = Object.keys(SAMPLES) as MemoryName[];
console.log(
  JSON.stringify(names.flatMap((name) => SAMPLES[name].map((sample) => measure(name, sample)))),
);
