// Direct access to shards of the metrics. Each test has one of its own.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { emptyFrame, type Frame } from "../../src/observability/frame.ts";
import type { MetricsShard } from "../../src/observability/metrics-shard.ts";
import type { Batch, Range, ShardStub } from "../../src/observability/shard-client.ts";
import { unique } from "../support/shop.ts";

/** A shard, by a name that isolates do not use. */
export function aShard() {
  const name = unique("shard");
  // A new stub each time, because a restart breaks the last one.
  const stub = () => env.METRICS.getByName(name);
  const shard = () => stub() as unknown as ShardStub;
  let numbers = 0;
  return {
    add: (sender: string, batches: Batch[]) => shard().add(sender, batches),
    read: (range: Range) => shard().read(range),
    /** Sends the next batch of one isolate. */
    send: async (frame: Frame, number = numbers + 1) => {
      numbers = number;
      await shard().add("isolate", [{ number, frame }]);
    },
    inside: <T>(work: (object: MetricsShard, state: DurableObjectState) => T | Promise<T>) =>
      runInDurableObject(stub() as unknown as DurableObjectStub<MetricsShard>, work),
    /** Clears the object's memory and keeps its storage. */
    restart: () => evictDurableObject(stub()),
  };
}

/** A frame with one counter. */
export const passed = (amount: number, sale = "drop"): Frame => ({
  ...emptyFrame(),
  counters: new Map([[`funnel_passed|${sale}`, amount]]),
});
