// Cloudflare Turnstile, server side: is this the token of a solved challenge, for this user and purpose?
import * as z from "zod";
import type { Config } from "../config.ts";
import { Breaker } from "../edge/breaker.ts";
import { causeOf, log } from "../observability/log.ts";

export type TurnstileConfig = Pick<Config, "TURNSTILE_SECRET" | "TURNSTILE_VERIFY_URL">;

/** The `action` our pages give the widget: a token solved for something else is worth nothing here. */
export const CHALLENGE_ACTION = "buy";
const VERIFY_LIMIT_MS = 2_000;

const answerSchema = z.object({
  success: z.boolean(),
  "error-codes": z.array(z.string()).default([]),
  action: z.string().optional(),
  cdata: z.string().optional(),
});

/** Refusals that say something about the token. All others are the provider's fault, or our own. */
const ABOUT_TOKEN = new Set(["invalid-input-response", "timeout-or-duplicate"]);

export type Verdict = "passed" | "failed" | "down";

const provider = new Breaker();

/**
 * Asks siteverify. `cdata` is what the widget was given for this user. A token counts once: for `purpose`
 * it can be shown again, by a retry that meets another isolate, for any other it is spent.
 */
export async function verifyChallenge(
  config: TurnstileConfig,
  token: string,
  cdata: string,
  purpose: string,
): Promise<Verdict> {
  try {
    return await provider.run(VERIFY_LIMIT_MS, () => askProvider(config, token, cdata, purpose));
  } catch (error) {
    log("challenge.down", { cause: causeOf(error) });
    return "down";
  }
}

/** For tests: forget past failures, as a fresh isolate would have. */
export const resetTurnstile = (): void => provider.reset();

async function askProvider(
  config: TurnstileConfig,
  token: string,
  cdata: string,
  purpose: string,
): Promise<Verdict> {
  const response = await fetch(config.TURNSTILE_VERIFY_URL, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      secret: config.TURNSTILE_SECRET,
      response: token,
      idempotency_key: await uuidOf([purpose, cdata, token]),
    }),
    signal: AbortSignal.timeout(VERIFY_LIMIT_MS),
  });
  const { success, action, ...rest } = answerSchema.parse(await response.json());
  if (success) return action === CHALLENGE_ACTION && rest.cdata === cdata ? "passed" : "failed";
  const codes = rest["error-codes"];
  if (codes.some((code) => ABOUT_TOKEN.has(code))) return "failed";
  throw new Error(`siteverify: ${codes.join(", ")}`);
}

/** The same UUID for the same parts, wherever it is made. */
async function uuidOf(parts: string[]): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify(parts));
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", text), 0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80; // version 8: made of a hash
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
