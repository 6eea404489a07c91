// Sends what this isolate counted to one of the objects that merge all counts: at most one call in two seconds, off the
// path of requests, and none if nothing happened. An isolate has no timers of its own, so the first count after a flush
// schedules the next one in the request, queue batch, or object that counted.
import { env, waitUntil } from "cloudflare:workers";
import { Flusher } from "./flusher.ts";
import { causeOf, log } from "./log.ts";
import { meter } from "./metrics.ts";
import { shardOf } from "./shard-client.ts";

/** The flusher of this isolate. */
export const flusher = new Flusher(meter, {
  waitUntil,
  wait: (ms) => scheduler.wait(ms),
  send: (shard, sender, batches) => shardOf(env, shard).add(sender, batches),
  failed: (error, batches) => log("metrics.send_failed", { count: batches, cause: causeOf(error) }),
});
