// Doorbuster behind a queue that misbehaves: its consumer throws, or messages are dropped, repeated or late. The rest of it is
// the deployed code.
import worker from "../../index.ts";
import type { QueueFault } from "./queue-fault.ts";

export * from "../../index.ts";

/** Late messages come after this many seconds. */
const DELAY_SECONDS = 5;

/** A new process has none. */
let fault: QueueFault = "none";

export default {
  ...worker,

  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === "/_chaos/queue") {
      fault = (await request.text()) as QueueFault;
      return new Response(null, { status: 204 });
    }
    if (pathname === "/_chaos/scheduled") {
      const event = {
        cron: "* * * * *",
        scheduledTime: Date.now(),
        noRetry() {},
        type: "scheduled",
      };
      await worker.scheduled(event as unknown as ScheduledController, env);
      return new Response(null, { status: 204 });
    }
    return worker.fetch(request, env, ctx);
  },

  async queue(batch, env) {
    if (fault === "throws") throw new Error("the consumer fails");
    if (fault === "drops") return batch.ackAll();
    if (fault === "delays" && batch.messages.some(({ attempts }) => attempts === 1)) {
      return batch.retryAll({ delaySeconds: DELAY_SECONDS });
    }
    await worker.queue(batch, env);
    if (fault === "repeats") await worker.queue(batch, env);
  },
} satisfies ExportedHandler<Env>;
