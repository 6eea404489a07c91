// Runs a Worker in its own process: `node miniflare-child.ts '<WorkerSettings as JSON>'`. Prints lines of JSON: its URL once
// it is listening, and its warnings and errors. Exits on SIGTERM, or when the parent process has exited.
import { isWarning, type LogLine, startWorker, type WorkerSettings } from "./miniflare.ts";

/** A line that the process prints. */
export type ChildLine = { url: string; log?: never } | { url?: never; log: LogLine };

const print = (line: ChildLine) => console.log(JSON.stringify(line));

const settings = JSON.parse(process.argv[2] ?? "{}") as WorkerSettings;
const onLog = (log: LogLine) => {
  if (isWarning(log)) print({ log });
};
const worker = await startWorker({ ...settings, onLog });

async function stop(): Promise<void> {
  await worker.stop();
  process.exit(0);
}

process.once("SIGTERM", stop);
process.once("SIGINT", stop);
// The parent holds the other end of stdin. It closes even when the parent is killed.
process.stdin.once("end", stop).resume();
print({ url: worker.url });
