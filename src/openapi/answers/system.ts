// The answers about the system: health, switches, rules, alerts, metrics, the log, and dead letters.
import * as z from "zod";
import type { AlertList } from "../../alerts/client.ts";
import type { LogEntry } from "../../catalog/log-entry.ts";
import type { DeadLetter } from "../../orders/delivery.ts";
import { breakerState, count, nextCursor, time, wide } from "./common.ts";
import { inspection } from "./ledger.ts";

export const alive = z.strictObject({ status: z.literal("alive") });
export const now = z
  .strictObject({ now: z.number().describe("Milliseconds since 1970.") })
  .meta({ id: "ServerTime" });

const dependency = { state: z.enum(["up", "down"]), since: time };

const watch = {
  evaluatedAt: time.nullable().describe("When the rules of the alerts were last evaluated."),
  lateSince: time
    .exactOptional()
    .describe("Since when the rules should have been evaluated and were not."),
};

export const readiness = z
  .strictObject({
    status: z.enum(["ready", "not ready"]),
    dependencies: z.strictObject({
      redis: z.strictObject({ ...dependency, breaker: breakerState }),
      inventory: z.strictObject(dependency),
    }),
    breakers: z
      .array(z.strictObject({ name: z.string(), state: breakerState, since: time }))
      .describe("Those of this isolate that are not closed."),
    alerts: z
      .strictObject(watch)
      .nullable()
      .describe("Null if their watch does not answer. Does not decide what is ready."),
  })
  .meta({ id: "Readiness" });

export const buyerSession = z
  .strictObject({
    user: z
      .strictObject({
        id: z.string().describe("The `sub` of the token."),
        email: z.string().exactOptional().describe("The `email` of the token, if it has one."),
      })
      .nullable()
      .describe("Null if nobody is signed in."),
  })
  .meta({ id: "BuyerSession" });

export const token = z.strictObject({ token: z.string() }).meta({ id: "Token" });

const signedIn = z.enum(["operator", "viewer"]);
export const session = z
  .strictObject({ role: signedIn, expiresAt: time })
  .meta({ id: "OperatorSession" });

const delivery = z
  .discriminatedUnion("state", [
    z.strictObject({ state: z.literal("delivered"), at: time }),
    z.strictObject({
      state: z.enum(["owed", "undelivered"]),
      tries: count,
      fault: z.string().exactOptional(),
    }),
    z.strictObject({ state: z.literal("off") }),
  ])
  .meta({ id: "AlertDelivery" });

export const alert = z
  .strictObject({
    id: z.string(),
    rule: z.string(),
    severity: z.enum(["critical", "warning"]),
    title: z.string(),
    about: z.string().describe("`sale/{id}`, `breaker/{name}` or `deployment`."),
    skuId: z.string().exactOptional(),
    value: z.number(),
    threshold: z.number(),
    unit: z.string(),
    advice: z.string(),
    since: time,
    endedAt: time.exactOptional(),
    delivery: z.strictObject({ started: delivery, ended: delivery.exactOptional() }),
  })
  .meta({ id: "Alert" });

export const alerts = wide<AlertList>()(
  z
    .strictObject({
      firing: z.array(alert).describe("The worst rule first."),
      ended: z.array(alert).describe("The latest 100, the last one first."),
      ...watch,
    })
    .meta({ id: "Alerts" }),
);

export const alertSent = z.strictObject({ delivered: z.literal(true) }).meta({ id: "AlertSent" });

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

export const logEntry = wide<LogEntry>()(
  z
    .strictObject({
      id: z.int(),
      at: time,
      actor: z.strictObject({ name: z.string(), role: signedIn }),
      action: z.string(),
      target: z.string(),
      reason: z.string().exactOptional(),
      requestId: z.string(),
      outcome: z
        .enum(["done", "refused", "unknown"])
        .describe("`unknown`: under way or interrupted, so its effect must be checked."),
      code: z
        .string()
        .exactOptional()
        .describe("The error code of the answer, if it was an error."),
      changes: z.array(
        z.strictObject({
          path: z.string(),
          before: scalar.exactOptional(),
          after: scalar.exactOptional(),
        }),
      ),
    })
    .meta({
      id: "LogEntry",
      description: "Who changed what, when, and why.",
    }),
);

export const logEntries = z
  .strictObject({ entries: z.array(logEntry), nextCursor })
  .meta({ id: "LogEntries" });

const letter = z
  .strictObject({
    id: z.string(),
    queue: z.string(),
    message: z.unknown(),
    reason: z.string(),
    attempts: count,
    diedAt: time,
  })
  .meta({
    id: "DeadLetter",
    description: "A message that exhausted its retries.",
  }) satisfies z.ZodType<DeadLetter>;

export const deadLetters = z
  .strictObject({ deadLetters: z.array(letter), cursor: z.string().exactOptional() })
  .meta({ id: "DeadLetters" });

export const inspectedLetter = z
  .strictObject({
    ...letter.shape,
    order: inspection
      .nullable()
      .exactOptional()
      .describe("The order that it is about, as it is now."),
    ledger: z
      .enum(["overloaded", "unavailable"])
      .exactOptional()
      .describe("Why there is no `order`."),
  })
  .meta({ id: "InspectedLetter" });

export const replayed = z
  .strictObject({
    replayed: count,
    more: z.literal(true).exactOptional().describe("Letters are left for another request."),
  })
  .meta({ id: "Replayed" });

export const purged = z
  .strictObject({ purged: z.array(z.enum(["isolate", "cloudflare"])) })
  .meta({ id: "Purged" });
