// What operators call about the webhook of the shop.
import { replaySchema } from "../../admin/webhooks.ts";
import * as webhooks from "../answers/webhooks.ts";
import { OPERATOR, type Operations } from "../operation.ts";

const shared = { tag: "System", security: OPERATOR } as const;

export const webhookOperations: Operations = {
  "GET /api/admin/webhooks": {
    ...shared,
    id: "getWebhooks",
    summary: "Read whether the shop gets its events, and which replays run",
    answers: { 200: { description: "The state.", body: webhooks.webhooks } },
  },
  "POST /api/admin/webhooks/replay": {
    ...shared,
    id: "replayEvents",
    summary: "Send the shop the events of a time range again",
    description:
      "The event of every order whose newest version was made from `from` until before `to`, under the same ids. At most 92 " +
      "days. It goes on in the background, at up to about 1,000 events per second.",
    parameters: ["idempotencyKey", "changeReason"],
    body: {
      name: "ReplayRequest",
      schema: replaySchema,
      example: {
        from: "2026-12-01T09:00:00Z",
        to: "2026-12-01T10:00:00Z",
        types: ["order.confirmed"],
        reason: "Our ERP lost an hour",
      },
    },
    answers: {
      202: {
        description: "The replay. With `Idempotent-Replayed`, an earlier request started it.",
        body: webhooks.replay,
        headers: ["Idempotent-Replayed"],
      },
    },
    errors: ["idempotency_key_required", "idempotency_key_reused"],
  },
  "POST /api/admin/webhooks/resume": {
    ...shared,
    id: "resumeEvents",
    summary: "Send events again to a receiver that was gone",
    description: "Only if it accepts a `webhook.test` now. What it missed is sent at once.",
    parameters: ["changeReason"],
    answers: { 200: { description: "The state now.", body: webhooks.webhooks } },
    errors: ["invalid_request"],
  },
};
