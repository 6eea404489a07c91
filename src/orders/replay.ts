// A replay of events: which orders the shop is told about again, and how far it is. Pure.
import type { OrderRef } from "../inventory/order-id.ts";
import type { EventFilter } from "../inventory/owed-events.ts";

/** Pages of orders that one run of the alarm reads, and events that it owes at most, apart from those of the last page. */
export const PAGES_PER_RUN = 50;
export const EVENTS_PER_RUN = 1_000;
/** Between two runs, so that the queue and the ledgers serve others too: at most about 1,000 events per second. */
export const PAUSE_MS = 1_000;
/** Between two tries of a ledger that does not answer. */
const RETRY_MS = 30_000;
/** Afterwards the replay goes on without the ledger, and names it. */
const MAX_TRIES = 5;

/** A replay as it was asked for. */
export interface ReplayCommand {
  /** The idempotency key of the request. */
  key: string;
  filter: EventFilter;
  /** The only SKU. Absent: all that ever existed. */
  skuId?: string;
}

/** Times are milliseconds. */
export interface Replay extends ReplayCommand {
  startedAt: number;
  /** Null while it runs. */
  endedAt: number | null;
  /** Events that the shop was owed again. */
  events: number;
  /** Ledgers that were read to their end. They are read in the order of their SKUs' ids. */
  ledgers: number;
  /** The SKU of the last ledger that is done with. Empty before the first one. */
  last: string;
  /** The last order that was read in the next ledger. */
  after: OrderRef | null;
  /** Tries of the next ledger that got no answer, in a row. */
  tries: number;
  /** SKUs whose ledgers did not answer. */
  failed: string[];
}

export const startReplay = (command: ReplayCommand, startedAt: number): Replay => ({
  ...command,
  ...{ startedAt, endedAt: null, events: 0, ledgers: 0 },
  ...{ last: "", after: null, tries: 0, failed: [] },
});

export const isSameCommand = (a: ReplayCommand, b: ReplayCommand): boolean =>
  JSON.stringify([a.skuId, a.filter]) === JSON.stringify([b.skuId, b.filter]);

/** The SKU whose ledger is read next. Undefined if the replay is complete. */
export function nextSku({ skuId, last }: Replay, skuIds: readonly string[]): string | undefined {
  const all = skuId === undefined ? skuIds : [skuId];
  return all.filter((id) => id > last).sort()[0];
}

/** After a page of a ledger. `next`: where the following page starts, if there is one. */
export function afterPage(
  replay: Replay,
  skuId: string,
  { owed, next }: { owed: number; next: OrderRef | null },
): Replay {
  const events = replay.events + owed;
  if (next) return { ...replay, events, after: next, tries: 0 };
  return { ...replay, events, ledgers: replay.ledgers + 1, last: skuId, after: null, tries: 0 };
}

/** After a ledger did not answer. `pauseMs`: how long to wait. */
export function afterFault(replay: Replay, skuId: string): { replay: Replay; pauseMs: number } {
  const tries = replay.tries + 1;
  if (tries < MAX_TRIES) return { replay: { ...replay, tries }, pauseMs: RETRY_MS };
  const failed = [...replay.failed, skuId];
  return { replay: { ...replay, failed, last: skuId, after: null, tries: 0 }, pauseMs: PAUSE_MS };
}
