// The process that runs the Worker for `npm run dev`, in the engine of `wrangler dev`, which builds it
// anew at every edit. By API instead of command line, because the values of secrets then travel over
// the process channel: on no disk and in no argument list.
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { unstable_startWorker } from "wrangler";
import type { LogLine } from "../miniflare.ts";
import { PROJECT } from "./settings.ts";

/** What the parent sends, once. */
export interface WorkerOrder {
  stateDir: string;
  vars: Record<string, string>;
}

/** What the parent is told; whatever wrangler prints goes to stdout and stderr. */
export type WorkerNews =
  | { type: "listening"; url: string }
  | { type: "built" }
  | { type: "log"; level: string; message: string };

const STOP_LIMIT_MS = 5_000;
const MINUTE_MS = 60_000;
const EVERY_MINUTE = "* * * * *";

const tell = (news: WorkerNews) => {
  if (process.connected) process.send?.(news);
};

const [order] = (await once(process, "message")) as [WorkerOrder];
const worker = await unstable_startWorker({
  config: join(PROJECT, "wrangler.toml"),
  // Named, so that wrangler does not read `.dev.vars` and `.env` itself: the order has them already.
  envFiles: ["/dev/null"],
  bindings: Object.fromEntries(
    Object.entries(order.vars).map(([name, value]) => [name, { type: "secret_text", value }]),
  ),
  dev: {
    server: { hostname: "127.0.0.1", port: 0 },
    persist: order.stateDir,
    inspector: false,
    remote: false,
    watch: true,
    structuredLogsHandler: ({ level, message }: LogLine) => tell({ type: "log", level, message }),
  },
});

worker.raw.on("reloadComplete", () => tell({ type: "built" }));

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  // We lead a process group: if a polite end takes too long, all of it goes.
  setTimeout(() => process.kill(-process.pid, "SIGKILL"), STOP_LIMIT_MS).unref();
  await worker.dispose();
  process.exit(0);
}
process.on("SIGTERM", stop);
process.on("disconnect", stop); // the parent is gone, even if it was killed

await worker.ready;
const { origin } = await worker.url;
tell({ type: "listening", url: origin });

// The platform's clock, which wrangler leaves to us: the cron triggers that go off every minute.
const clock = new URL("/cdn-cgi/local/scheduled", origin);
clock.searchParams.set("cron", EVERY_MINUTE);
while (!stopping) {
  await pause(MINUTE_MS);
  await fetch(clock, { signal: AbortSignal.timeout(MINUTE_MS) }).catch(() => {}); // being rebuilt
}
