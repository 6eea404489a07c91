// Cloudflare Turnstile, server side: is this the token of a solved challenge, for this user and purpose?
import * as z from "zod";
import type { Config } from "../config.ts";

export type TurnstileConfig = Pick<
  Config,
  "TURNSTILE_SITE_KEY" | "TURNSTILE_SECRET" | "TURNSTILE_VERIFY_URL"
>;

/** The `action` our pages give the widget: a token solved for something else is worth nothing here. */
export const CHALLENGE_ACTION = "buy";
const VERIFY_LIMIT_MS = 2_000;

const answerSchema = z.object({
  success: z.boolean(),
  action: z.string().optional(),
  cdata: z.string().optional(),
});

export type Verdict = "passed" | "failed" | "down";

/** Asks siteverify. `cdata` is what the widget was given for this user. Spent tokens fail there. */
export async function verifyChallenge(
  config: TurnstileConfig,
  token: string,
  cdata: string,
): Promise<Verdict> {
  try {
    const response = await fetch(config.TURNSTILE_VERIFY_URL, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ secret: config.TURNSTILE_SECRET, response: token }),
      signal: AbortSignal.timeout(VERIFY_LIMIT_MS),
    });
    const answer = answerSchema.parse(await response.json());
    const ours = answer.action === CHALLENGE_ACTION && answer.cdata === cdata;
    return answer.success && ours ? "passed" : "failed";
  } catch {
    return "down";
  }
}
