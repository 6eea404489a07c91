// The state of a shard of the metrics, and how it takes batches. Pure.
import { accumulate, emptyFrame, type Frame, mergeInto } from "./frame.ts";
import type { Batch } from "./shard-client.ts";

/** Longer than an isolate goes on with its numbers after a pause. */
const SENDER_MS = 1_200_000;
/** More than the isolates of one shard. Those that sent longest ago are forgotten first. */
const MAX_SENDERS = 2_000;

/** The state that a restart must not lose. */
export interface ShardState {
  /** Everything counted so far. */
  totals: Frame;
  /** The number of the last batch of each sender, and when it came (milliseconds). Sorted by that time. */
  senders: Map<string, [number: number, at: number]>;
  /** Batches that were sent and that a restart forgot. */
  lost: number;
  /** The current minute as far as it is stored. */
  minute: { at: number; frame: Frame } | null;
}

export const newState = (): ShardState => ({
  totals: emptyFrame(),
  senders: new Map(),
  lost: 0,
  minute: null,
});

/** Adds each batch to `open` and to the totals, unless it was taken before. */
export function takeBatches(
  state: ShardState,
  open: Frame,
  { sender, batches, now }: { sender: string; batches: Batch[]; now: number },
): void {
  for (const { number, frame } of batches) {
    if (!isNew(state, sender, number, now)) continue;
    mergeInto(open, frame);
    accumulate(state.totals, frame);
  }
}

/** Takes a number of a sender once. A gap means that a restart of the shard forgot the batches in between. */
function isNew(state: ShardState, sender: string, number: number, now: number): boolean {
  const last = state.senders.get(sender)?.[0] ?? 0;
  if (number <= last) return false;
  state.lost += number - last - 1;
  state.senders.delete(sender); // a Map keeps the order of insertion
  state.senders.set(sender, [number, now]);
  return true;
}

/** Forgets senders that will not send any more. */
export function forgetSenders({ senders }: ShardState, now: number): void {
  for (const [sender, [, at]] of senders) {
    if (senders.size <= MAX_SENDERS && at > now - SENDER_MS) return;
    senders.delete(sender);
  }
}
