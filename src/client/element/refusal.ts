// Why a press got no order, in the words of the element.
import { ApiError, NoAnswerError } from "../index.ts";
import { SignedOut } from "./buyer.ts";
import type { Words } from "./words.ts";

export function refusalText(error: unknown, words: Words): string {
  if (error instanceof SignedOut) return words.signIn;
  // The buyer has to sign in again before the server looks for the order.
  if (error instanceof NoAnswerError && isSignedOut(error.cause)) return words.signIn;
  if (!(error instanceof ApiError)) return words.noAnswer;
  const { code, problem } = error;
  const texts: Partial<Record<string, string>> = {
    unauthenticated: words.signIn,
    sold_out: problem.code === "sold_out" && problem.held ? words.held : words.soldOut,
    sale_closed: words.closed,
    sale_paused: words.stopped,
    user_limit_reached: words.limit,
    price_changed: words.priceChanged,
  };
  return texts[code] ?? problem.detail;
}

const isSignedOut = (cause: unknown): boolean =>
  cause instanceof SignedOut || (cause instanceof ApiError && cause.status === 401);
