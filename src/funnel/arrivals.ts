// Counts the people who join a line, in batches: one call of the line's object per isolate and two seconds, however many
// people come. Counting is off the path of their requests.
import { lineOf } from "../admission/client.ts";
import type { CatalogScope } from "../catalog/store.ts";
import { memory } from "../edge/memory.ts";
import { ArrivalSample, SAMPLE_LIMIT } from "../line/arrival-sample.ts";
import { causeOf, log } from "../observability/log.ts";
import { accountHash } from "./caller.ts";

const INTERVAL_MS = 2_000;
const TRIES = 5;
/** Hexadecimal digits of a hash that count: 52 bits. */
const HASH_DIGITS = 13;

interface Batch {
  /** People who were not reported yet. */
  pending: ArrivalSample;
  reportedAt: number;
  isReporting: boolean;
}

const batches = memory<Batch>("arrivals", {
  sizeOf: () => 512 + 96 * SAMPLE_LIMIT, // it grows in place
});

/** Counts a person once, however often they come. Does not wait. */
export function countArrival(
  scope: CatalogScope,
  person: { saleId: string; userId: string },
  at: number,
): void {
  scope.waitUntil(add(scope, person, at));
}

async function add(
  scope: CatalogScope,
  { saleId, userId }: { saleId: string; userId: string },
  at: number,
): Promise<void> {
  const hash = accountHash(userId, scope.config.SIGNING_SECRET);
  const batch = batches.get(saleId) ?? {
    pending: new ArrivalSample(),
    reportedAt: 0,
    isReporting: false,
  };
  batches.set(saleId, batch);
  const isNews = batch.pending.add(Number.parseInt(hash.slice(0, HASH_DIGITS), 16), at);
  if (!isNews || batch.isReporting) return;
  batch.isReporting = true;
  await reportSoon(scope, saleId, batch).finally(() => {
    batch.isReporting = false;
  });
}

/**
 * Reports what is pending until the next arrival starts a new report, or the object has failed too often. A request may
 * do work for half a minute after its response.
 */
async function reportSoon(scope: CatalogScope, saleId: string, batch: Batch): Promise<void> {
  for (let tries = 0; tries < TRIES && batch.pending.size > 0; tries += 1) {
    const wait = batch.reportedAt + INTERVAL_MS - Date.now();
    await scheduler.wait(Math.max(0, Math.min(wait, INTERVAL_MS)));
    batch.reportedAt = Date.now();
    if (await report(scope, saleId, batch)) return;
  }
}

/** Sends what is pending. Returns whether that succeeded and nothing else came meanwhile. */
async function report({ env }: CatalogScope, saleId: string, batch: Batch): Promise<boolean> {
  const sent = batch.pending;
  batch.pending = new ArrivalSample({ level: sent.level, entries: [] });
  try {
    batch.pending.raise(await lineOf(env, saleId).report(sent.entries(), sent.level));
    return batch.pending.size === 0;
  } catch (error) {
    batch.pending.merge(sent.toJSON());
    log("line.report_failed", { saleId, cause: causeOf(error) });
    return false;
  }
}
