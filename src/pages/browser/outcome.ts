// What a refused attempt means: the words for the buyer, and what the card does about it. Pure.
import type { Problem } from "./api.ts";

export interface Outcome {
  text: string;
  tone: "bad" | "wait";
  /** The attempt is over: the next press is a new one, with a key of its own. */
  over?: true;
  /** Seconds until the button may be used again. */
  wait?: number;
  /** What the server said is left. */
  available?: number;
  /** The order the buyer already has. */
  orderId?: string | undefined;
  /** The server's time is this, whatever we believed. */
  serverTime?: number;
  blocked?: true;
  closed?: true;
}

const UNKNOWN = "No answer yet. Press Buy to go on: you cannot buy twice.";

export function outcomeOf(status: number, problem: Problem, retryAfter: number): Outcome {
  const { code, title, detail, available = 0, orderIds, opensAt } = problem;
  switch (status === 0 ? "unavailable" : code) {
    case "unavailable":
    case "overloaded":
      return { text: UNKNOWN, tone: "bad" };
    case "unauthenticated":
      return { text: "Sign in to buy.", tone: "bad" };
    case "challenge_required": {
      const text = "This sale now checks that buyers are people. Reload this page to go on.";
      return { text, tone: "wait" };
    }
    case "rate_limited":
      return { text: "Too many tries. One press is enough.", tone: "wait", wait: retryAfter || 1 };
    case "sold_out": {
      const text = available
        ? `Only ${available} left. Choose fewer.`
        : "Sold out. Somebody was faster.";
      return { text, tone: "bad", over: true, available };
    }
    case "user_limit_reached": {
      const text = "You already have all that one person may buy.";
      return { text, tone: "bad", over: true, orderId: orderIds?.[0] };
    }
    case "sale_not_open": {
      const serverTime = Date.parse(opensAt ?? "") - (retryAfter || 1) * 1_000;
      return { text: "Not open yet.", tone: "wait", over: true, serverTime };
    }
    case "sale_closed":
      return { text: "The sale is over.", tone: "bad", over: true, closed: true };
    case "blocked":
      return { text: "We cannot take orders from here.", tone: "bad", over: true, blocked: true };
    default:
      return { text: detail ?? title ?? "That did not work.", tone: "bad", over: true };
  }
}
