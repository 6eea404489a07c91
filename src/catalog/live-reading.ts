// The live reading of a sale, which an edge makes at most once per second and colo: the stock of its SKUs, and its line. The
// objects publish both to Redis when they change, so visitors' requests do not call them.
import { lineField, lineOf } from "../admission/client.ts";
import { type Pass, readPass } from "../admission/pass.ts";
import { type PublishedLine, publishedLineSchema } from "../admission/public-line.ts";
import { lineSettings } from "../admission/settings.ts";
import { memory } from "../edge/memory.ts";
import { SwrCache } from "../edge/swr-cache.ts";
import { MAX_RECENT } from "../inventory/buyers.ts";
import { callInventory, LANE } from "../inventory/client.ts";
import { causeOf, log } from "../observability/log.ts";
import { healed } from "../redis/bad-values.ts";
import { withRedis } from "../redis/client.ts";
import { type EdgeStock, parseStock } from "./edge-stock.ts";
import { lineByStock } from "./line-end.ts";
import type { CatalogEntry } from "./schema.ts";
import type { CatalogScope } from "./store.ts";

/** A line as the edge holds it. */
export interface EdgeLine extends PublishedLine {
  /** The contents of the pass, read once for all requests. Null if it cannot be read. */
  known: Pass | null;
}

/** A reading. SKUs whose stock is unknown are missing. */
export interface LiveReading {
  stock: ReadonlyMap<string, EdgeStock>;
  /** Absent if the sale has no line, or the line is not known now. */
  published?: EdgeLine;
}

/** One text per SKU in the order of the sale, then that of the line, if there is one. Null for what is unknown. */
type Texts = (string | null)[];
type Cache = SwrCache<Texts, LiveReading, CatalogScope>;

/** Bytes of memory per sale and per SKU, including cached answers. A line has up to a hundred points. */
const SALE_BYTES = 4_096;
const LINE_BYTES = 24_576;
const SKU_BYTES = 1_024 + 8 * MAX_RECENT;

/** The memory that a reading takes, in bytes. */
export const readingBytes = (skus: number, hasLine: boolean): number =>
  SALE_BYTES + skus * SKU_BYTES + (hasLine ? LINE_BYTES : 0);

const readings = memory<{ cache: Cache; bytes: number }>("stock", { sizeOf: ({ bytes }) => bytes });

/** The things to read of a sale: the SKUs, and the line if there is one. */
interface Subjects {
  saleId: string;
  skuIds: string[];
  hasLine: boolean;
}

function cacheOf({ sale, revision }: CatalogEntry): Cache {
  const name = `live/${sale.id}/${revision}`;
  const known = readings.get(name);
  if (known) return known.cache;
  const skuIds = sale.skus.map(({ id }) => id);
  const subjects = { saleId: sale.id, skuIds, hasLine: lineSettings(sale) !== undefined };
  const cache: Cache = new SwrCache({
    name,
    freshMs: 1_000,
    revalidateMs: 2_000,
    staleMs: 60_000,
    load: (scope) => load(scope, subjects),
    build: (texts, { config }) => {
      const stock = stockIn(subjects, texts);
      const published = lineIn(subjects, texts, config.SIGNING_SECRET);
      if (!published) return { stock };
      const line = lineByStock(published.line, sale.skus, stock, Date.now());
      return { stock, published: { ...published, line } };
    },
    // Without Redis a stock may be out of date for a minute, but a line must move on.
    ...(subjects.hasLine ? { fallback: (scope) => asked(scope, subjects, []) } : {}),
  });
  readings.set(name, { cache, bytes: readingBytes(skuIds.length, subjects.hasLine) });
  return cache;
}

async function load(scope: CatalogScope, subjects: Subjects): Promise<Texts> {
  const { saleId, skuIds, hasLine } = subjects;
  const fields = hasLine ? [...skuIds, lineField(saleId)] : skuIds;
  // Without the client's deserialization the result is the plain array that Redis returned.
  const texts = (await withRedis(scope.config, "redis", (redis, keys) =>
    healed(redis, keys, [{ key: keys.live, type: "hash" }], () =>
      redis.hmget(keys.live, ...fields),
    ),
  )) as unknown as Texts;
  return asked(scope, subjects, texts);
}

/** Asks the objects for what Redis lacks: it was emptied, or the SKU is new. They publish it again. */
function asked(
  scope: CatalogScope,
  { saleId, skuIds, hasLine }: Subjects,
  texts: Texts,
): Promise<Texts> {
  const stocks = skuIds.map((id, at) => (parseStock(texts[at]) ? texts[at] : askSku(scope, id)));
  const line = texts[skuIds.length];
  const last = hasLine ? [parseLine(line) ? line : askLine(scope, saleId)] : [];
  return Promise.all([...stocks, ...last].map(async (text) => (await text) ?? null));
}

async function askSku(scope: CatalogScope, skuId: string): Promise<string | null> {
  const address = { skuId, lane: LANE };
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

function stockIn({ skuIds }: Subjects, texts: Texts): Map<string, EdgeStock> {
  const stock = new Map<string, EdgeStock>();
  for (const [index, id] of skuIds.entries()) {
    const parsed = parseStock(texts[index]);
    if (parsed) stock.set(id, parsed);
  }
  return stock;
}

function lineIn(
  { saleId, skuIds, hasLine }: Subjects,
  texts: Texts,
  secret: string,
): EdgeLine | undefined {
  const published = hasLine ? parseLine(texts[skuIds.length]) : undefined;
  return published && { ...published, known: readPass(secret, published.pass, saleId) };
}

/** Undefined if the text is not a line. */
function parseLine(text: string | null | undefined): PublishedLine | undefined {
  try {
    return publishedLineSchema.parse(JSON.parse(text ?? ""));
  } catch {
    return undefined;
  }
}

/**
 * The stock of SKUs by their id, as Redis has it now, or their objects if Redis fails. Cached nowhere: for one caller, the
 * controller of a line. SKUs whose stock is unknown are absent.
 */
export async function readStock(
  scope: CatalogScope,
  skuIds: string[],
): Promise<ReadonlyMap<string, EdgeStock>> {
  const subjects = { saleId: "", skuIds, hasLine: false };
  const texts = await load(scope, subjects).catch(() => asked(scope, subjects, []));
  return stockIn(subjects, texts);
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
): Promise<{ value: LiveReading; readAt: number }> => cacheOf(entry).read(scope, maxAgeMs);

/** The stock of a SKU as this isolate holds it, without waiting. Undefined if it is more than 2 s old. */
export const peekStock = (
  scope: CatalogScope,
  entry: CatalogEntry,
  skuId: string,
): EdgeStock | undefined => cacheOf(entry).peek(scope)?.stock.get(skuId);

/** The line of a sale. Undefined if it has none, or nobody knows it now. */
export async function readPublishedLine(
  scope: CatalogScope,
  entry: CatalogEntry,
): Promise<EdgeLine | undefined> {
  // A frontier never moves back, so an old line is better than none.
  const reading = await readReading(scope, entry).catch(() => undefined);
  return (reading?.value ?? cacheOf(entry).last)?.published;
}
