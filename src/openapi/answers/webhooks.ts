// The answers about the webhook of the shop: its receiver, and the replays.
import * as z from "zod";
import type { ReplayView, WebhookState } from "../../admin/webhooks.ts";
import { EVENT_TYPES, type EventType } from "../../config/webhook-events.ts";
import { count, skuId, time } from "./common.ts";

const eventType = z
  .enum(Object.keys(EVENT_TYPES) as [EventType, ...EventType[]])
  .meta({ id: "EventType" });

export const replay = z
  .strictObject({
    key: z.string().describe("The `Idempotency-Key` of the request."),
    from: time.exactOptional(),
    to: time.exactOptional(),
    types: z.array(eventType).readonly().exactOptional().describe("Absent: all."),
    sku: skuId.exactOptional().describe("Absent: all that ever existed."),
    state: z.enum(["running", "done"]),
    startedAt: time,
    endedAt: time.exactOptional(),
    ledgers: count.describe("Ledgers that were read to their end."),
    events: count.describe("Events that the shop is offered again."),
    failed: z.array(z.string()).readonly().describe("SKUs whose ledgers did not answer."),
  })
  .meta({ id: "EventReplay" }) satisfies z.ZodType<ReplayView>;

export const webhooks = z
  .strictObject({
    receiver: z.string().nullable().describe("The origin of its URL. Null: none is set."),
    stoppedSince: time
      .nullable()
      .describe("Since when nothing is sent, because the receiver answered 410."),
    types: z.array(eventType).describe("The types of events that are sent."),
    replays: z.array(replay).describe("The newest first: up to 100."),
  })
  .meta({ id: "Webhooks" }) satisfies z.ZodType<WebhookState>;
