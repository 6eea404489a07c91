// Calls the webhook desk, and remembers in this isolate whether the shop's receiver is gone. The interface is written out,
// because the generated stub type splits results into unions of promises.
import { causeOf, log } from "../observability/log.ts";
import type { Replay, ReplayCommand } from "./replay.ts";

export interface WebhookDeskEnv {
  WEBHOOK_DESK: DurableObjectNamespace;
}

/** `replayed`: an earlier request with this key started it. */
export type ReplayAnswer =
  | { ok: true; replayed: boolean; replay: Replay }
  | { ok: false; reason: "idempotency_key_reused" | "too_many" };

/** `receiver`: the hash of its URL, which may have a secret in it. */
export interface WebhookDeskStub {
  /** Since when nothing is sent to a receiver, because it said that it is gone: milliseconds. Null: it gets events. */
  stoppedSince(receiver: string): Promise<number | null>;
  /** Stops sending to a receiver. Returns since when. */
  stop(receiver: string): Promise<number>;
  resume(): Promise<void>;
  /** Starts a replay, once per key. It goes on in the background. */
  replay(command: ReplayCommand): Promise<ReplayAnswer>;
  /** The newest first. */
  replays(): Promise<Replay[]>;
}

/** The only desk. A new stub each time, because a stub that threw is dead. */
export const webhookDeskOf = ({ WEBHOOK_DESK }: WebhookDeskEnv): WebhookDeskStub =>
  WEBHOOK_DESK.getByName("desk") as unknown as WebhookDeskStub;

/** How long an isolate relies on what the desk said. A stop and its end reach every isolate within this time. */
const KNOWN_MS = 15_000;

let known: { url: string; since: number | null; readAt: number } | undefined;

async function hashOf(url: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(url));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Since when nothing is sent to this URL: milliseconds. Null: events are sent. @throws if the desk does not answer */
export async function stoppedSince(env: WebhookDeskEnv, url: string): Promise<number | null> {
  const since = await webhookDeskOf(env).stoppedSince(await hashOf(url));
  known = { url, since, readAt: Date.now() };
  return since;
}

/**
 * Whether sending to this URL is stopped. It costs a call every 15 seconds, however many events there are. While the desk does
 * not answer, events are sent: a receiver that is gone only refuses them again.
 */
export async function isStopped(env: WebhookDeskEnv, url: string | undefined): Promise<boolean> {
  if (url === undefined) return false;
  const age = Date.now() - (known?.readAt ?? 0);
  if (known?.url === url && age >= 0 && age < KNOWN_MS) return known.since !== null;
  return stoppedSince(env, url).then(
    (since) => since !== null,
    (error) => {
      log("webhooks.stop_unknown", { cause: causeOf(error) });
      return false;
    },
  );
}

/** Stops sending to this URL. If the desk does not answer, the next event that the receiver refuses stops it. */
export async function stopSending(env: WebhookDeskEnv, url: string): Promise<void> {
  try {
    const since = await webhookDeskOf(env).stop(await hashOf(url));
    known = { url, since, readAt: Date.now() };
    log("webhooks.receiver_gone");
  } catch (error) {
    log("webhooks.not_stopped", { cause: causeOf(error) });
  }
}

/** Sends events again. Other isolates learn of it within 15 seconds. */
export async function resumeSending(env: WebhookDeskEnv): Promise<void> {
  await webhookDeskOf(env).resume();
  known = undefined;
}
