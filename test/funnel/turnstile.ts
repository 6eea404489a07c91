// Challenges in tests: what a widget would issue for a person, good or bad, and what the fake provider saw.
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { Answer } from "../support/http.ts";
import { services } from "../support/redis.ts";

/** What becomes of a token when it is verified; see the fake. */
type Outcome = "pass" | "fail" | "slow" | "down" | "internal-error";

interface Asked {
  provider: string;
  siteKey: string;
  action: string;
  cdata: string;
}

/** What the answer asks to be solved. Insists that it asks. */
export function askedOf(answer: Answer): Asked {
  expect(answer).toMatchObject({ status: 403, code: "challenge_required" });
  const asked = answer.body.challenge as Asked;
  expect(asked).toMatchObject({
    provider: "turnstile",
    siteKey: services.TURNSTILE_SITE_KEY,
  });
  return asked;
}

/** The token a widget hands out for what was asked. */
export function solve(
  { action, cdata }: Pick<Asked, "action" | "cdata">,
  outcome: Outcome = "pass",
): string {
  return [outcome, action, cdata, crypto.randomUUID()].join(".");
}

/** How often the provider was asked while `work` ran. */
export async function verifications<T>(work: () => Promise<T>): Promise<[T, number]> {
  const ask = async () => {
    const url = new URL("/_fake/verifications", services.TURNSTILE_VERIFY_URL);
    return (await (await fetch(url)).json()) as number;
  };
  const before = await ask();
  const result = await work();
  return [result, (await ask()) - before];
}

/** The Worker's environment without Turnstile. */
export const withoutTurnstile = () => ({ ...env, TURNSTILE_SITE_KEY: "", TURNSTILE_SECRET: "" });
