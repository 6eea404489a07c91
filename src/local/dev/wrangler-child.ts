// The process that runs the Worker for `npm run dev`. It uses the engine of `wrangler dev`, which rebuilds on every
// edit. It calls wrangler's API instead of its command line, because secrets then arrive over the process channel
// and appear neither on disk nor in an argument list.
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { unstable_startWorker } from "wrangler";
import type { LogLine } from "../miniflare.ts";
import { PROJECT } from "./settings.ts";

/** The parent sends one, at the start. */
export interface StartMessage {
  stateDir: string;
  vars: Record<string, string>;
}

/** Messages to the parent. Wrangler's own output goes to stdout and stderr. */
export type WorkerEvent =
  | { type: "listening"; url: string }
  | { type: "built" }
  | { type: "log"; level: string; message: string };

const STOP_LIMIT_MS = 5_000;
const MINUTE_MS = 60_000;
const EVERY_MINUTE = "* * * * *";

const send = (event: WorkerEvent) => {
  if (process.connected) process.send?.(event);
};

const [settings] = (await once(process, "message")) as [StartMessage];
const worker = await unstable_startWorker({
  config: join(PROJECT, "wrangler.toml"),
  // Prevents wrangler from reading `.dev.vars` and `.env`. The parent sent these values.
  envFiles: ["/dev/null"],
  bindings: Object.fromEntries(
    Object.entries(settings.vars).map(([name, value]) => [name, { type: "secret_text", value }]),
  ),
  dev: {
    server: { hostname: "127.0.0.1", port: 0 },
    persist: settings.stateDir,
    inspector: false,
    remote: false,
    watch: true,
    structuredLogsHandler: ({ level, message }: LogLine) => send({ type: "log", level, message }),
  },
});

worker.raw.on("reloadComplete", () => send({ type: "built" }));

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  // This process leads its group. Kill the whole group if a clean stop takes too long.
  setTimeout(() => process.kill(-process.pid, "SIGKILL"), STOP_LIMIT_MS).unref();
  await worker.dispose();
  process.exit(0);
}
process.on("SIGTERM", stop);
process.on("disconnect", stop); // the parent has exited, even by a kill

await worker.ready;
const { origin } = await worker.url;
send({ type: "listening", url: origin });

// Runs the cron triggers every minute. Cloudflare does so in production, but wrangler does not.
const clock = new URL("/cdn-cgi/local/scheduled", origin);
clock.searchParams.set("cron", EVERY_MINUTE);
while (!stopping) {
  await pause(MINUTE_MS);
  await fetch(clock, { signal: AbortSignal.timeout(MINUTE_MS) }).catch(() => {}); // fails during a rebuild
}
