// Posts JSON to a webhook, signed as the Standard Webhooks specification says.
import { Webhook } from "standardwebhooks";
import { causeOf } from "../observability/log.ts";
import { withTimeLimit } from "../time-limit.ts";

/** The status by which a receiver unsubscribes, as the specification says. */
const GONE = 410;

/** The receiver of a webhook. */
export interface Receiver {
  url: string;
  /** Requests carry a signature by each of them. */
  secrets: readonly string[];
  /** The longest that it may take: milliseconds. */
  limitMs: number;
}

/**
 * `fault`: what went wrong, such as `answered 500`. `isDown`: no other event would be accepted now. `isGone`: the receiver wants
 * no event ever again.
 */
export interface Posted {
  fault?: string;
  isDown?: boolean;
  isGone?: boolean;
}

/** Posts one event. @param id the same for every repetition: receivers drop ids that they have seen */
export async function postSigned(
  { url, secrets, limitMs }: Receiver,
  id: string,
  event: object,
): Promise<Posted> {
  const text = JSON.stringify(event);
  const sentAt = new Date();
  const signatures = secrets.map((secret) => new Webhook(secret).sign(id, sentAt, text));
  try {
    const headers = {
      "Content-Type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(sentAt.getTime() / 1_000)),
      ...(signatures.length > 0 ? { "webhook-signature": signatures.join(" ") } : {}),
    };
    const { ok, status } = await withTimeLimit(limitMs, async (signal) => {
      const request = { method: "POST", redirect: "manual", headers, body: text, signal } as const;
      const response = await fetch(url, request);
      await response.body?.cancel();
      return response;
    });
    if (ok) return {};
    const isDown = status >= 500 || status === 429;
    return { fault: `answered ${status}`, isDown, isGone: status === GONE };
  } catch (error) {
    return { fault: `could not be reached (${causeOf(error)})`, isDown: true };
  }
}
