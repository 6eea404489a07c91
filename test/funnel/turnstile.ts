// Challenges in tests: tokens as a widget would issue them, valid or not, and the calls that the fake provider got.
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { Answer } from "../support/http.ts";
import { services } from "../support/redis.ts";

/** The result of the token's verification. See the fake provider. */
type Outcome = "pass" | "fail" | "slow" | "down" | "internal-error";

interface Challenge {
  provider: string;
  siteKey: string;
  action: string;
  cdata: string;
}

/** The challenge in an answer. Expects that there is one. */
export function challengeOf(answer: Answer): Challenge {
  expect(answer).toMatchObject({ status: 403, code: "challenge_required" });
  const asked = answer.body.challenge as Challenge;
  expect(asked).toMatchObject({
    provider: "turnstile",
    siteKey: services.TURNSTILE_SITE_KEY,
  });
  return asked;
}

/** The token that a widget would issue for a challenge. */
export function solve(
  { action, cdata }: Pick<Challenge, "action" | "cdata">,
  outcome: Outcome = "pass",
): string {
  return [outcome, action, cdata, crypto.randomUUID()].join(".");
}

/** The result of `work`, and the number of verifications while it ran. */
export async function verifications<T>(work: () => Promise<T>): Promise<[T, number]> {
  const countVerifications = async () => {
    const url = new URL("/_fake/verifications", services.TURNSTILE_VERIFY_URL);
    return (await (await fetch(url)).json()) as number;
  };
  const before = await countVerifications();
  const result = await work();
  return [result, (await countVerifications()) - before];
}

/** The Worker's environment without Turnstile. */
export const withoutTurnstile = () => ({ ...env, TURNSTILE_SITE_KEY: "", TURNSTILE_SECRET: "" });
