// The operator's routes for the shop's webhook: its state, the replay of a time range, and sending again after a stop.
import * as z from "zod";
import { wakeAlerts } from "../alerts/client.ts";
import { idSchema } from "../catalog/schema.ts";
import { registryOf } from "../catalog/store.ts";
import {
  EVENT_TYPES,
  type EventType,
  EXTRA_EVENTS,
  type ExtraEvent,
} from "../config/webhook-events.ts";
import { readIdempotencyKey } from "../funnel/shape.ts";
import { type Issue, problem, refuse } from "../http/errors.ts";
import { type AppContext, readJson } from "../http/request.ts";
import type { Replay } from "../orders/replay.ts";
import { postEvent } from "../orders/shop-receiver.ts";
import { resumeSending, stoppedSince, webhookDeskOf } from "../orders/webhook-desk-client.ts";
import { instantSchema } from "../values/instant.ts";
import { recorded } from "./log.ts";

const MAX_REPLAY_BYTES = 2_048;
const DAY_MS = 86_400_000;
const MAX_DAYS = 92;

/** The types of events that this deployment sends. */
export const sentTypes = (extra: readonly ExtraEvent[]): EventType[] =>
  (Object.keys(EVENT_TYPES) as EventType[]).filter(
    (type) => !(EXTRA_EVENTS as readonly string[]).includes(type) || extra.includes(type as never),
  );

const millisecondsSchema = instantSchema.transform((text) => Date.parse(text));

/** The body of a replay. `from` and `to`: when the newest version of an order was made. `to` is excluded. */
export const replaySchema = z
  .strictObject({
    from: millisecondsSchema,
    to: millisecondsSchema,
    types: z
      .array(z.enum(Object.keys(EVENT_TYPES) as [EventType, ...EventType[]]))
      .min(1)
      .max(Object.keys(EVENT_TYPES).length)
      .exactOptional(),
    /** Only events about orders of this SKU. */
    sku: idSchema.exactOptional(),
    reason: z.string().trim().min(1).max(500).exactOptional(),
  })
  .superRefine(({ from, to }, context) => {
    const fault = rangeFault(from, to, Date.now());
    if (fault) context.addIssue({ code: "custom", ...fault });
  });

function rangeFault(from: number, to: number, now: number) {
  if (from >= to) return { path: ["to"], message: "must be after from" };
  if (to > now) return { path: ["to"], message: "must not be in the future" };
  if (to - from > MAX_DAYS * DAY_MS) {
    return { path: ["from"], message: `must be at most ${MAX_DAYS} days before to` };
  }
  return undefined;
}

export type ReplayRequest = z.output<typeof replaySchema>;

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** A replay as the API shows it. `failed`: SKUs whose ledgers did not answer. */
export interface ReplayView {
  key: string;
  from?: string;
  to?: string;
  types?: readonly EventType[];
  sku?: string;
  state: "running" | "done";
  startedAt: string;
  endedAt?: string;
  /** Ledgers that were read, and events that the webhook is offered again. */
  ledgers: number;
  events: number;
  failed: readonly string[];
}

function toView({ key, filter, skuId, startedAt, endedAt, ...rest }: Replay): ReplayView {
  const { from, to, types } = filter;
  return {
    key,
    ...(from === undefined ? {} : { from: iso(from) }),
    ...(to === undefined ? {} : { to: iso(to) }),
    ...(types ? { types } : {}),
    ...(skuId === undefined ? {} : { sku: skuId }),
    state: endedAt === null ? "running" : "done",
    startedAt: iso(startedAt),
    ...(endedAt === null ? {} : { endedAt: iso(endedAt) }),
    ...{ ledgers: rest.ledgers, events: rest.events, failed: rest.failed },
  };
}

export interface WebhookState {
  /** Without its path, which may have a secret in it. Null: none is set. */
  receiver: string | null;
  /** Since when nothing is sent, because the receiver answered 410. ISO 8601. */
  stoppedSince: string | null;
  types: EventType[];
  /** The newest first. */
  replays: ReplayView[];
}

export async function readWebhookState(c: AppContext): Promise<WebhookState> {
  const { ORDER_WEBHOOK_URL: url, ORDER_WEBHOOK_EVENTS: extra } = c.get("config");
  const [since, replays] = await Promise.all([
    url === undefined ? null : stoppedSince(c.env, url),
    webhookDeskOf(c.env).replays(),
  ]);
  return {
    receiver: url === undefined ? null : new URL(url).origin,
    stoppedSince: since === null ? null : iso(since),
    types: sentTypes(extra),
    replays: replays.map(toView),
  };
}

export const showWebhooks = async (c: AppContext): Promise<Response> =>
  c.json(await readWebhookState(c));

const invalid = (issues: Issue[]) => refuse("invalid_request", { issues });
const NO_WEBHOOK = invalid([{ path: "", message: "needs ORDER_WEBHOOK_URL to be set" }]);

/** `POST /webhooks/replay` with an `Idempotency-Key`: answers 202, and goes on in the background. */
export async function replayWebhooks(c: AppContext): Promise<Response> {
  const named = readIdempotencyKey(c.req.header("idempotency-key"));
  if (!named.ok) return problem(c, named.refusal);
  const body = await readJson(c, replaySchema, MAX_REPLAY_BYTES);
  return body.ok ? applyWebhookReplay(c, named.key, body.value) : problem(c, body.refusal);
}

export async function applyWebhookReplay(
  c: AppContext,
  key: string,
  { from, to, types, sku, reason }: ReplayRequest,
): Promise<Response> {
  const { ORDER_WEBHOOK_URL: url, ORDER_WEBHOOK_EVENTS: extra } = c.get("config");
  if (!url) return problem(c, NO_WEBHOOK);
  const unsent = types?.findIndex((type) => !sentTypes(extra).includes(type)) ?? -1;
  if (unsent >= 0) {
    const message = "is not sent: it is not in ORDER_WEBHOOK_EVENTS";
    return problem(c, invalid([{ path: `types.${unsent}`, message }]));
  }
  if (sku !== undefined && !((await registryOf(c.env).skuIds()) as string[]).includes(sku)) {
    return problem(c, invalid([{ path: "sku", message: "never existed" }]));
  }
  const filter = { extra, from, to, ...(types ? { types } : {}) };
  const command = { key, filter, ...(sku === undefined ? {} : { skuId: sku }) };
  const target = sku === undefined ? "deployment" : (`sku/${sku}` as const);
  const asks = { from: iso(from), to: iso(to), types: types?.join(", ") };
  return recorded(c, { action: "webhooks.replayed", target, key, reason, asks }, async () => {
    const answer = await webhookDeskOf(c.env).replay(command);
    if (!answer.ok) return problem(c, refusalOf(answer.reason));
    if (answer.replayed) c.header("Idempotent-Replayed", "true");
    return c.json(toView(answer.replay), 202);
  });
}

const MISSED_WAIT = refuse("unavailable", {
  detail:
    "Events are sent again. Those that were missed are not offered yet, because too many replays wait. Send this request again",
  retryAfterSeconds: 60,
});

const refusalOf = (reason: "idempotency_key_reused" | "too_many") =>
  reason === "too_many"
    ? refuse("unavailable", { detail: "Too many replays wait", retryAfterSeconds: 60 })
    : refuse(reason);

export const resumeWebhooks = (c: AppContext): Promise<Response> => applyResume(c);

/**
 * Sends events again after the receiver said that it was gone, if it accepts a test now. What it missed is offered at once,
 * by a replay of what the ledgers owe.
 */
export async function applyResume(c: AppContext, reason?: string): Promise<Response> {
  const config = c.get("config");
  if (!config.ORDER_WEBHOOK_URL) return problem(c, NO_WEBHOOK);
  const id = `resume.${crypto.randomUUID()}`;
  const fault = await postEvent({ id, type: "webhook.test" }, config);
  if (fault) return problem(c, refuse("unavailable", { detail: `Nothing was changed: ${fault}` }));
  return recorded(c, { action: "webhooks.resumed", target: "deployment", reason }, async () => {
    await resumeSending(c.env);
    const filter = { extra: config.ORDER_WEBHOOK_EVENTS, isOwed: true };
    const replay = await webhookDeskOf(c.env).replay({ key: id.replace(".", "-"), filter });
    await wakeAlerts(c.env);
    if (!replay.ok) return problem(c, MISSED_WAIT);
    return c.json(await readWebhookState(c));
  });
}
