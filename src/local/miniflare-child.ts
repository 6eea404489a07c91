// Runs a Worker in its own process: `node miniflare-child.ts '<WorkerSettings as JSON>'`. Prints its URL as one
// line of JSON once it is listening. Exits on SIGTERM, or when the parent process has exited.
import { startWorker, type WorkerSettings } from "./miniflare.ts";

const settings = JSON.parse(process.argv[2] ?? "{}") as WorkerSettings;
const worker = await startWorker(settings);

async function stop(): Promise<void> {
  await worker.stop();
  process.exit(0);
}

process.once("SIGTERM", stop);
process.once("SIGINT", stop);
// The parent holds the other end of stdin. It closes even when the parent is killed.
process.stdin.once("end", stop).resume();
console.log(JSON.stringify({ url: worker.url }));
