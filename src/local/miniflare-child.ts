// A Worker as a process of its own: `node miniflare-child.ts '<WorkerSettings as JSON>'`. Prints one JSON
// line with its url when it listens; ends on SIGTERM, or when whoever started it is gone.
import { startWorker, type WorkerSettings } from "./miniflare.ts";

const settings = JSON.parse(process.argv[2] ?? "{}") as WorkerSettings;
const worker = await startWorker(settings);

async function stop(): Promise<void> {
  await worker.stop();
  process.exit(0);
}

process.once("SIGTERM", stop);
process.once("SIGINT", stop);
// The parent holds the other end of stdin: it closes even if the parent was killed.
process.stdin.once("end", stop).resume();
console.log(JSON.stringify({ url: worker.url }));
