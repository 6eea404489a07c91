// Sends requests and records their answers, with and without retries.
import { setTimeout as pause } from "node:timers/promises";
import type { Answer } from "../client.ts";
import { isRetryable, type RequestKind, retryAfterSeconds } from "./contract.ts";
import type { Recorder } from "./recorder.ts";

/** How long a buyer retries while the instance answers 429 or 503. */
const RETRY_FOR_MS = 60_000;

export interface SendOptions {
  /** Expected codes or statuses. Default: those of the request kind. */
  expected?: string[] | undefined;
  /**
   * When the request was due, as a `performance.now()` time. Latency counts from then, so that a driver that
   * falls behind does not hide how long real buyers would have waited (coordinated omission).
   */
  dueAt?: number | undefined;
}

/**
 * Sends a request until the answer is neither 429 nor 503, waits for each Retry-After, and records every
 * answer. Returns undefined after a minute of retries, or as soon as a request gets no answer.
 */
export async function sendWithRetry<Body>(
  recorder: Recorder,
  kind: RequestKind,
  send: () => Promise<Answer<Body>>,
  { expected, dueAt }: SendOptions = {},
): Promise<Answer<Body> | undefined> {
  const deadline = Date.now() + RETRY_FOR_MS;
  let due = dueAt;
  while (Date.now() < deadline) {
    const answer = await sendOnce(recorder, kind, send, { expected, dueAt: due });
    if (answer === undefined || !isRetryable(answer)) {
      return answer;
    }
    await pause(retryAfterSeconds(answer) * 1000);
    due = undefined;
  }
  return undefined;
}

/** Sends a request once and records the answer, or the lack of one. */
export async function sendOnce<Body>(
  recorder: Recorder,
  kind: RequestKind,
  send: () => Promise<Answer<Body>>,
  { expected, dueAt }: SendOptions = {},
): Promise<Answer<Body> | undefined> {
  try {
    const answer = await send();
    const ms = dueAt === undefined ? answer.ms : performance.now() - dueAt;
    recorder.recordAnswer(kind, { ...answer, ms }, expected);
    return answer;
  } catch (error) {
    recorder.recordFailure(kind, error);
    return undefined;
  }
}
