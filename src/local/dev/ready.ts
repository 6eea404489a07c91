// When `npm run dev` may say that it is ready: the Worker reaches all it needs, and the edge shows the
// demo sales.
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "../client.ts";
import { DevError } from "./error.ts";
import { seed } from "./seed.ts";

const ATTEMPT_LIMIT_MS = 5_000;
const PAUSE_MS = 100;
/** From the Worker's first answer on. Until then it is being built, possibly with an error to mend. */
const READY_LIMIT_MS = 60_000;

export interface Instance {
  url: string;
  adminToken: string;
  /** The database is not this machine's alone: then sales somebody has there are left alone. */
  shared: boolean;
}

/**
 * Waits, seeds, waits again.
 * @returns what the developer should know about the seeds
 * @throws DevError when the Worker answers but does not get ready
 */
export async function untilReady(instance: Instance): Promise<string[]> {
  const { url } = instance;
  await untilOk(`${url}/readyz`);
  const client = new Client(url, instance.adminToken);
  const { seeded, notes } = await seed(client, instance.shared);
  await untilOk(`${url}/api/sales`);
  for (const id of seeded) await untilOk(`${url}/api/sales/${id}`);
  return notes;
}

async function untilOk(address: string): Promise<void> {
  let firstAnswerAt: number | undefined;
  for (;;) {
    const answer = await ask(address);
    if (answer?.ok) return;
    if (answer !== undefined) firstAnswerAt ??= Date.now();
    if (Date.now() - (firstAnswerAt ?? Date.now()) > READY_LIMIT_MS) {
      const { pathname } = new URL(address);
      throw new DevError(
        `Not ready: ${pathname} still answers ${answer?.status ?? "nothing"}\n${answer?.text ?? ""}`,
      );
    }
    await pause(PAUSE_MS);
  }
}

/** Undefined when nothing came back in time. */
async function ask(address: string) {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(ATTEMPT_LIMIT_MS) });
    return { ok: response.ok, status: response.status, text: await response.text() };
  } catch {
    return undefined;
  }
}
