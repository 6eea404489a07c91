// The secrets of a deployment: which there are, which are generated, and which Cloudflare does not have yet.

import { randomBytes } from "node:crypto";
import { readConfig } from "../../config/config.ts";
import { UsageError } from "../command-line.ts";

export type Values = Record<string, string>;

export const UPSTASH = ["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"] as const;

/** Every secret that setup takes from the environment. */
const NAMES = [
  ...UPSTASH,
  ...["ADMIN_TOKEN", "VIEWER_TOKEN", "SIGNING_SECRET", "AUTH_SECRET", "MERCHANT_SECRET"],
  ...["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "TURNSTILE_SECRET", "ORDER_WEBHOOK_SECRET"],
  ...["ALERT_WEBHOOK_URL", "ALERT_WEBHOOK_SECRET", "ALERT_PAGERDUTY_KEY"],
];

/**
 * The secrets in the environment, and those that earlier runs noted. Of a secret that is set at Cloudflare, the noted value
 * counts, because it is the deployed one. Of another one, the one in the environment: the noted one may have been wrong.
 */
export function knownSecrets(
  env: Record<string, string | undefined>,
  noted: Values,
  atCloudflare: string[],
): Values {
  const given = Object.fromEntries(
    NAMES.flatMap((name) => (env[name] ? [[name, env[name]] as const] : [])),
  );
  const deployed = Object.entries(noted).filter(([name]) => atCloudflare.includes(name));
  return { ...noted, ...given, ...Object.fromEntries(deployed) };
}

/** Names of the secrets whose value in the environment is not used, because another one is deployed. */
export const unusedSecrets = (
  env: Record<string, string | undefined>,
  noted: Values,
  atCloudflare: string[],
): string[] =>
  NAMES.filter((name) => env[name] && atCloudflare.includes(name) && noted[name] !== env[name]);

/** Adds what can be generated and is neither known nor set at Cloudflare. */
export function withGenerated(known: Values, atCloudflare: string[], vars: Values): Values {
  const lacks = (name: string) => known[name] === undefined && !atCloudflare.includes(name);
  const fresh = (bytes: number) => randomBytes(bytes).toString("base64url");
  return {
    ...known,
    ...(lacks("ADMIN_TOKEN") && { ADMIN_TOKEN: fresh(24) }),
    ...(lacks("SIGNING_SECRET") && { SIGNING_SECRET: fresh(32) }),
    // With an identity provider, a secret would contradict it.
    ...(!vars.AUTH_JWKS_URL && lacks("AUTH_SECRET") && { AUTH_SECRET: fresh(32) }),
  };
}

/** The secrets to deploy: those that Cloudflare lacks. A secret that is set there is never replaced. */
export const missingSecrets = (known: Values, atCloudflare: string[]): Values =>
  Object.fromEntries(Object.entries(known).filter(([name]) => !atCloudflare.includes(name)));

/**
 * Checks variables and secrets together, as the Worker will. The value of a secret that only Cloudflare has counts as valid.
 * @throws {UsageError} which names what is wrong, without any value
 */
export function checkConfiguration(vars: Values, known: Values, atCloudflare: string[]): void {
  const unknown = atCloudflare.map((name) => [name, placeholderFor(name)] as const);
  const result = readConfig({ ...Object.fromEntries(unknown), ...vars, ...known });
  if (result.ok) return;
  throw new UsageError(
    `The configuration would not work:\n${result.faults.map((fault) => `  ${fault}`).join("\n")}\n` +
      "Set variables with --var NAME=VALUE, and secrets in the environment.",
  );
}

const placeholderFor = (name: string): string => {
  if (name.endsWith("_URL")) return "https://unknown.invalid";
  if (name.startsWith("STRIPE_")) return "unknown";
  if (/(?:WEBHOOK|MERCHANT)_SECRET$/.test(name)) return `whsec_${"A".repeat(43)}=`;
  return `unknown-${name}`.padEnd(32, "-");
};
