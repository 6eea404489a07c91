// Decides when `npm run dev` is ready: the Worker reaches all its dependencies, and the edge serves the demo sales.
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "../client.ts";
import { DevError } from "./error.ts";
import { seed } from "./seed.ts";

const ATTEMPT_LIMIT_MS = 5_000;
const PAUSE_MS = 100;
/** Counts from the Worker's first response. Before that, the build runs, and the developer may be fixing an error. */
const READY_LIMIT_MS = 60_000;

export interface Instance {
  url: string;
  adminToken: string;
  /** Whether other people may use the database. Their sales are not changed. */
  shared: boolean;
}

/**
 * Waits for the Worker, adds the demo sales, and waits until the edge serves them.
 * @returns notes for the developer about demo sales that were not added
 * @throws DevError if the Worker responds but does not become ready
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
  let firstResponseAt: number | undefined;
  for (;;) {
    const response = await tryGet(address);
    if (response?.ok) return;
    if (response !== undefined) firstResponseAt ??= Date.now();
    if (Date.now() - (firstResponseAt ?? Date.now()) > READY_LIMIT_MS) {
      const { pathname } = new URL(address);
      throw new DevError(
        `Not ready: ${pathname} still returns ${response?.status ?? "nothing"}\n${response?.text ?? ""}`,
      );
    }
    await pause(PAUSE_MS);
  }
}

/** Returns undefined without a response in time. */
async function tryGet(address: string) {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(ATTEMPT_LIMIT_MS) });
    return { ok: response.ok, status: response.status, text: await response.text() };
  } catch {
    return undefined;
  }
}
