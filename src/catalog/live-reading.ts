// The live reading of a sale, which an edge makes at most once per second and colo: the stock of its SKUs, and its line. The
// objects publish both to Redis when they change, so visitors' requests do not call them. It comes with the poll, like the
// version of the catalog.
import { lineOf } from "../admission/client.ts";
import { lineSettings } from "../admission/settings.ts";
import { elapsed } from "../edge/elapsed.ts";
import { memory } from "../edge/memory.ts";
import { SwrCache } from "../edge/swr-cache.ts";
import { MAX_RECENT } from "../inventory/buyers.ts";
import { callInventory } from "../inventory/client.ts";
import { addressesOf, type LanedSku, namesOf, type OrderAddress } from "../inventory/order-id.ts";
import { causeOf, log } from "../observability/log.ts";
import { type EdgeStock, parseStock } from "./edge-stock.ts";
import { lineByStock } from "./line-end.ts";
import {
  type EdgeLine,
  fieldsOf,
  type LiveReading,
  ParsedTexts,
  parseLine,
  type Subjects,
  stockIn,
} from "./live-texts.ts";
import { failedPolls, type Interest, poll, pollAlong, readFields, type Texts } from "./poll.ts";
import { BRISK } from "./rhythm.ts";
import { type CatalogEntry, lanedSku } from "./schema.ts";
import { rhythm } from "./snapshot.ts";
import type { CatalogScope } from "./store.ts";

/** The texts are one per SKU in the order of the sale, then that of the line, if there is one. Null for what is unknown. */
type Cache = SwrCache<Texts, LiveReading, CatalogScope>;

/** Bytes of memory per sale and per object of a SKU, including cached answers. A line has up to a hundred points. */
const SALE_BYTES = 4_096;
const LINE_BYTES = 24_576;
const SKU_BYTES = 1_024 + 8 * MAX_RECENT;

/** The memory that a reading takes, in bytes. */
export const readingBytes = (objects: number, hasLine: boolean): number =>
  SALE_BYTES + objects * SKU_BYTES + (hasLine ? LINE_BYTES : 0);

interface Watched {
  cache: Cache;
  /** Read together in each poll. */
  fields: string[];
  bytes: number;
  /** The failed polls up to which the objects have been asked. */
  failures: number;
}

/** Callers do not wait for a newer stock up to this age: milliseconds. The contract lets an edge refuse by it. */
const STOCK_MS = 2_000;

const readings = memory<Watched>("stock", { sizeOf: ({ bytes }) => bytes });

/** So long after somebody read them, the fields of a sale are read along in each poll. */
const WATCHED_MS = 120_000;
/** Most sales that are read along, so that a poll stays small. */
const MAX_WATCHED = 20;
/** When each reading was last used: milliseconds. */
const usedAt = new Map<string, number>();

pollAlong(() => watched(Date.now()).map(interestIn));

/** The readings that somebody used lately. */
function watched(now: number): Watched[] {
  for (const [name, at] of usedAt) if (elapsed(at, now) > WATCHED_MS) usedAt.delete(name);
  return [...usedAt.keys()].slice(-MAX_WATCHED).flatMap((name) => readings.get(name) ?? []);
}

function interestIn(reading: Watched): Interest {
  const take = reading.cache.expect();
  return {
    fields: reading.fields,
    // Its own refresh asks the objects for what Redis lacks.
    take: (scope, texts, at) =>
      void (texts.includes(null) || isOutdated(reading) || take(scope, texts, at)),
  };
}

/** Whether Redis failed since the last reading, so that objects may not have published either. */
const isOutdated = ({ failures }: Watched): boolean => failures !== failedPolls();

function cacheOf(entry: CatalogEntry): Cache {
  const { sale, revision } = entry;
  const name = `live/${sale.id}/${revision}`;
  usedAt.set(name, Date.now());
  const known = readings.get(name);
  if (known) return known.cache;
  const skus = sale.skus.map((sku) => lanedSku(entry, sku));
  const subjects = { saleId: sale.id, skus, hasLine: lineSettings(sale) !== undefined };
  const parsed = new ParsedTexts(subjects);
  const cache: Cache = new SwrCache({
    name,
    freshMs: (now) => rhythm(now).freshMs,
    revalidateMs: (now) => Math.max(STOCK_MS, rhythm(now).revalidateMs),
    staleMs: 60_000,
    load: (scope) => load(scope, subjects, reading),
    build: (texts, { config }) => {
      const { stock, published } = parsed.of(texts, config.SIGNING_SECRET);
      if (!published) return { stock };
      const line = lineByStock(published.line, sale.skus, stock, Date.now());
      return { stock, published: { ...published, line } };
    },
    // Without Redis a stock may be out of date for a minute, but a line must move on.
    ...(subjects.hasLine ? { fallback: (scope) => asked(scope, subjects, []) } : {}),
  });
  const bytes = readingBytes(namesOf(skus).length, subjects.hasLine);
  const reading = { cache, fields: fieldsOf(subjects), bytes, failures: failedPolls() };
  readings.set(name, reading);
  return cache;
}

/** Reads Redis. Asks the objects once instead if it failed before. */
async function load(scope: CatalogScope, subjects: Subjects, reading: Watched): Promise<Texts> {
  const texts = await poll(scope, fieldsOf(subjects));
  const failures = failedPolls();
  const known = await asked(scope, subjects, texts, isOutdated(reading));
  reading.failures = failures;
  return known;
}

/** Asks the objects for what Redis lacks: it was emptied, or the SKU is new. They publish it again. `isOutdated`: asks for all. */
function asked(
  scope: CatalogScope,
  { saleId, skus, hasLine }: Subjects,
  texts: Texts,
  isOutdated = false,
): Promise<Texts> {
  const isUsable = (parsed: unknown) => !isOutdated && parsed !== undefined;
  const stocks = skus
    .flatMap(addressesOf)
    .map((address, at) =>
      isUsable(parseStock(texts[at])) ? texts[at] : askObject(scope, address),
    );
  const line = texts[stocks.length];
  const last = hasLine ? [isUsable(parseLine(line)) ? line : askLine(scope, saleId)] : [];
  // Better an old text than none.
  return Promise.all(
    [...stocks, ...last].map(async (text, at) => (await text) ?? texts[at] ?? null),
  );
}

async function askObject(scope: CatalogScope, address: OrderAddress): Promise<string | null> {
  const answer = await callInventory(scope.env, address, (object) => object.publicStock());
  return answer.ok && answer.value ? JSON.stringify(answer.value) : null;
}

async function askLine({ env }: CatalogScope, saleId: string): Promise<string | null> {
  try {
    const published = await lineOf(env, saleId).published();
    return published && JSON.stringify(published);
  } catch (error) {
    log("line.unreachable", { saleId, cause: causeOf(error) });
    return null;
  }
}

/**
 * The stock of SKUs by their id, as Redis has it now, or their objects if Redis fails. Cached nowhere: for one caller, the
 * controller of a line. SKUs whose stock is unknown are absent.
 */
export async function readStock(
  scope: CatalogScope,
  skus: readonly LanedSku[],
): Promise<ReadonlyMap<string, EdgeStock>> {
  const subjects = { saleId: "", skus, hasLine: false };
  const texts = await readFields(scope, fieldsOf(subjects)).catch(() => []);
  return stockIn(skus, await asked(scope, subjects, texts));
}

/**
 * The reading for one request, and when it was made. Throws if nobody has answered for a minute.
 *
 * @param maxAgeMs the request waits for a newer one if it is older, up to a time limit. Default: 2 s
 */
export const readReading = async (
  scope: CatalogScope,
  entry: CatalogEntry,
  maxAgeMs?: number,
): Promise<{ value: LiveReading; readAt: number }> => {
  // While nothing is on, a stock does not change, and a request that waits would cost a command.
  const waitMs = rhythm(Date.now()) === BRISK ? maxAgeMs : undefined;
  return cacheOf(entry).read(scope, { waitMs });
};

/**
 * The stock of a SKU as this isolate holds it, without waiting. Undefined if it is more than 2 s old.
 *
 * @param name the object's, whose buyers it has. The units are those of the SKU
 */
export const peekStock = (
  scope: CatalogScope,
  entry: CatalogEntry,
  name: string,
): EdgeStock | undefined => cacheOf(entry).peek(scope)?.stock.get(name);

/** The line of a sale. Undefined if it has none, or nobody knows it now. */
export async function readPublishedLine(
  scope: CatalogScope,
  entry: CatalogEntry,
): Promise<EdgeLine | undefined> {
  // A frontier never moves back, so an old line is better than none.
  const reading = await readReading(scope, entry).catch(() => undefined);
  return (reading?.value ?? cacheOf(entry).last)?.published;
}
