// How requests are sent: again while the instance says "later", and so many at the same time.
import { setTimeout as pause } from "node:timers/promises";
import type { Answer } from "../client.ts";
import { isDecided, type Kind, retryAfterSeconds } from "./contract.ts";
import type { Record } from "./record.ts";

/** How long a buyer goes on while the instance says "later". */
const PATIENCE_MS = 60_000;

export interface Expectation {
  /** Codes or statuses; needed where the kind does not say it. */
  possible?: string[] | undefined;
  /**
   * When the request was meant to leave, by `performance.now()`. Its latency counts from there: a driver
   * that is itself held up must not hide how long people would have waited.
   */
  intended?: number | undefined;
}

/**
 * Sends until the answer decides something, waiting as long as the instance asks in between, and
 * notes every answer. Undefined after a minute of "later", or when no answer came at all.
 */
export async function patiently<Body>(
  record: Record,
  kind: Kind,
  send: () => Promise<Answer<Body>>,
  { possible, intended }: Expectation = {},
): Promise<Answer<Body> | undefined> {
  const deadline = Date.now() + PATIENCE_MS;
  let leaves = intended;
  while (Date.now() < deadline) {
    const answer = await once(record, kind, send, { possible, intended: leaves });
    if (answer === undefined || isDecided(answer)) {
      return answer;
    }
    await pause(retryAfterSeconds(answer) * 1000);
    leaves = undefined;
  }
  return undefined;
}

/** Sends one time and notes the answer, or that there was none. */
export async function once<Body>(
  record: Record,
  kind: Kind,
  send: () => Promise<Answer<Body>>,
  { possible, intended }: Expectation = {},
): Promise<Answer<Body> | undefined> {
  try {
    const answer = await send();
    const ms = intended === undefined ? answer.ms : performance.now() - intended;
    record.answer(kind, { ...answer, ms }, possible);
    return answer;
  } catch (error) {
    record.silence(kind, error);
    return undefined;
  }
}

/** Runs `work` over all of `items`, `atOnce` of them at the same time. */
export async function eachAtMost<Item>(
  atOnce: number,
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      await work(next.value);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
