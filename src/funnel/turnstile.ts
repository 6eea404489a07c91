// Verifies Cloudflare Turnstile tokens: whether a token proves a solved challenge for this user and action.
import * as z from "zod";
import type { Config } from "../config/config.ts";
import { Breaker } from "../edge/breaker.ts";
import { causeOf, log } from "../observability/log.ts";
import { withTimeLimit } from "../time-limit.ts";

export type TurnstileConfig = Pick<
  Config,
  "TURNSTILE_SECRET" | "TURNSTILE_VERIFY_URL" | "BREAKERS"
>;

/** The `action` that our pages pass to the widget. A token for another action is refused. */
export const CHALLENGE_ACTION = "buy";

const answerSchema = z.object({
  success: z.boolean(),
  "error-codes": z.array(z.string()).default([]),
  action: z.string().optional(),
  cdata: z.string().optional(),
});

/** Error codes about the token. All others mean a fault of the provider or of our configuration. */
const TOKEN_ERRORS = new Set(["invalid-input-response", "timeout-or-duplicate"]);

export type Verdict = "passed" | "failed" | "down";

const provider = new Breaker("turnstile");

/**
 * Verifies a token with Turnstile's siteverify API. Turnstile accepts a token once, except from a retry with the same
 * `purpose`, which may reach another isolate.
 *
 * @param cdata the value that the widget got for this user
 * @param purpose the scope within which the same token may be verified again
 */
export async function verifyChallenge(
  config: TurnstileConfig,
  token: string,
  cdata: string,
  purpose: string,
): Promise<Verdict> {
  try {
    return await provider.run(config.BREAKERS.turnstile, () =>
      callSiteverify(config, token, cdata, purpose),
    );
  } catch (error) {
    log("challenge.down", { cause: causeOf(error) });
    return "down";
  }
}

/** For tests: closes the breaker, as in a new isolate. */
export const resetTurnstile = (): void => provider.reset();

/**
 * Asks about a token that is not valid, to learn what Turnstile thinks of the secret. Returns the error codes: none for a test
 * secret that accepts everything. @throws if Turnstile does not answer
 */
export async function siteverifyCodes(config: TurnstileConfig): Promise<string[]> {
  const { success, ...rest } = await ask(config, "preflight", crypto.randomUUID());
  return success ? [] : rest["error-codes"];
}

async function callSiteverify(
  config: TurnstileConfig,
  token: string,
  cdata: string,
  purpose: string,
): Promise<Verdict> {
  const key = await uuidOf([purpose, cdata, token]);
  const { success, action, ...rest } = await ask(config, token, key);
  if (success) return action === CHALLENGE_ACTION && rest.cdata === cdata ? "passed" : "failed";
  const codes = rest["error-codes"];
  if (codes.some((code) => TOKEN_ERRORS.has(code))) return "failed";
  throw new Error(`siteverify: ${codes.join(", ")}`);
}

async function ask(
  config: TurnstileConfig,
  token: string,
  idempotencyKey: string,
): Promise<z.output<typeof answerSchema>> {
  const body = JSON.stringify({
    secret: config.TURNSTILE_SECRET,
    response: token,
    idempotency_key: idempotencyKey,
  });
  const headers = { "Content-Type": "application/json" };
  return withTimeLimit(config.BREAKERS.turnstile.limitMs, async (signal) => {
    const request = { method: "POST", headers, body, signal };
    const response = await fetch(config.TURNSTILE_VERIFY_URL, request);
    return answerSchema.parse(await response.json());
  });
}

/** A UUID computed from the parts, so every isolate gets the same one. */
async function uuidOf(parts: string[]): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify(parts));
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", text), 0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80; // version 8: custom, here a hash
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
