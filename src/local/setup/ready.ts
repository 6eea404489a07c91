// Waits until a deployment answers that it is ready.
import { setTimeout as pause } from "node:timers/promises";
import { SetupError } from "./error.ts";

const POLL_MS = 2_000;
const ATTEMPT_MS = 10_000;

/** @throws {SetupError} with the last answer, after `limitMs` milliseconds */
export async function untilReady(origin: string, limitMs: number): Promise<void> {
  const end = Date.now() + limitMs;
  for (;;) {
    const state = await readyState(origin);
    if (state === "ready") return;
    if (Date.now() > end)
      throw new SetupError(
        `${origin}/readyz is not ready: ${state}\nA new domain needs some minutes for its certificate: run setup again. If it ` +
          "stays so, npx wrangler tail --config deployment/wrangler.json shows the log, which names what is missing.",
      );
    await pause(POLL_MS);
  }
}

/** "ready", or the answer instead. */
export async function readyState(origin: string): Promise<string> {
  try {
    const response = await fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(ATTEMPT_MS) });
    const body = await response.text();
    return response.ok ? "ready" : `${response.status} ${body.slice(0, 300)}`;
  } catch (error) {
    const { cause, message } = error as Error;
    return cause instanceof Error ? cause.message : message;
  }
}
