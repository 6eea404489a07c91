// Variables and secrets, parsed once per isolate. What is missing or malformed is named in the log;
// callers get a plain 503 and never a stack trace.
import * as z from "zod";

const MIN_SECRET_LENGTH = 32;
const secret = z.string().min(MIN_SECRET_LENGTH, `needs at least ${MIN_SECRET_LENGTH} characters`);
const flag = z.enum(["true", "false"]).transform((value) => value === "true");
/** wrangler.toml declares optional variables as "", so that they show up in the dashboard. */
const unset = z.literal("").transform(() => undefined);
const optionalUrl = unset.or(z.url({ protocol: /^https?$/ })).optional();
/** The form of the Standard Webhooks specification. */
const WEBHOOK_SECRET = /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/;
/**
 * The first part of every key in Redis, after the prefix. No part of a prefix may be one of these, or the keys
 * of the prefix `shop:orders:` would mix with the orders of the prefix `shop:`.
 */
const KEY_NAMES = [
  "catalog",
  "live",
  "buyers",
  "rules",
  "limit",
  "orders",
  "under-way",
  "rebuilt",
  "lost",
  "dead-letters",
  "ready",
] as const;

export type KeyName = (typeof KEY_NAMES)[number];

/** Names between colons. With the colon at the end no prefix is the beginning of another's keys. */
const redisPrefix = z
  .string()
  .regex(/^[A-Za-z0-9._-]+(:[A-Za-z0-9._-]+)*:?$/, "use letters, digits, . _ - and single colons")
  .max(64, "use at most 64 characters")
  .refine((prefix) => !prefix.split(":").some((part) => KEY_NAMES.includes(part as never)), {
    message: `must not contain ${KEY_NAMES.join(", ")} as a part`,
  })
  .transform((prefix) => (prefix.endsWith(":") ? prefix : `${prefix}:`));
const optionalText = unset.or(z.string()).optional();

const LOCAL_URL = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?\//;

/** Carries the value of LOCAL_GUARD. */
export const LOCAL_GUARD_HEADER = "local-guard";

/** Whether a request came to one of the names that every machine has for itself. */
export const isLocal = (url: string): boolean => LOCAL_URL.test(url);

const schema = z
  .object({
    UPSTASH_REDIS_REST_URL: z.url({ protocol: /^https?$/ }),
    UPSTASH_REDIS_REST_TOKEN: z.string().min(1),
    /** Starts every key in Redis; always ends in a colon. */
    REDIS_PREFIX: z
      .string()
      .default("")
      .transform((prefix) => prefix || "doorbuster:")
      .pipe(redisPrefix),
    ADMIN_TOKEN: z.string().min(16, "needs at least 16 characters"),
    SIGNING_SECRET: secret,
    /** The address buyers know. Set, no other host is served: what is fetched through it is not ours. */
    PUBLIC_ORIGIN: unset
      .or(z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).origin))
      .optional(),
    /** On a developer's machine: without a public origin, its own names alone are served. */
    LOCAL_ONLY: flag.default(false),
    /** Set by `npm run dev`: its front door proves with this value that a request came through it. */
    LOCAL_GUARD: optionalText,
    AUTH_SECRET: unset.or(secret).optional(),
    AUTH_JWKS_URL: optionalUrl,
    AUTH_ISSUER: optionalText,
    AUTH_AUDIENCE: optionalText,
    DEMO_LOGIN: flag.default(false),
    /** The shop's own sign-in page, where buyers are sent when the demo login is off. */
    LOGIN_URL: optionalUrl,
    /** Where buyers pay for what they hold: the shop's checkout. */
    CHECKOUT_URL: optionalUrl,
    /** How paid orders are charged; unset: not at all. */
    PAYMENTS: unset.or(z.enum(["sandbox", "stripe"])).optional(),
    STRIPE_SECRET_KEY: unset.or(z.string()).optional(),
    STRIPE_WEBHOOK_SECRET: unset.or(z.string()).optional(),
    STRIPE_API_URL: optionalUrl,
    /** Turnstile: needed by sales that ask for a challenge. */
    TURNSTILE_SITE_KEY: optionalText,
    TURNSTILE_SECRET: optionalText,
    TURNSTILE_VERIFY_URL: unset
      .or(z.url({ protocol: /^https?$/ }))
      .optional()
      .transform((url) => url ?? "https://challenges.cloudflare.com/turnstile/v0/siteverify"),
    /** Where final changes of orders are offered to the shop, signed with the secret. */
    ORDER_WEBHOOK_URL: optionalUrl,
    ORDER_WEBHOOK_SECRET: unset
      .or(z.string().regex(WEBHOOK_SECRET, "use whsec_ and base64"))
      .optional(),
  })
  .refine((v) => (v.AUTH_SECRET === undefined) !== (v.AUTH_JWKS_URL === undefined), {
    path: ["AUTH_SECRET"],
    message: "set exactly one of AUTH_SECRET and AUTH_JWKS_URL: it pins how tokens are verified",
  })
  // Without them, tokens that the provider issued to other apps would be good here.
  .refine((v) => !v.AUTH_JWKS_URL || v.AUTH_ISSUER, {
    path: ["AUTH_ISSUER"],
    message: "is needed with AUTH_JWKS_URL: the `iss` of its tokens",
  })
  .refine((v) => !v.AUTH_JWKS_URL || v.AUTH_AUDIENCE, {
    path: ["AUTH_AUDIENCE"],
    message:
      "is needed with AUTH_JWKS_URL: the `aud` of the tokens that are meant for this service",
  })
  .refine((v) => !v.DEMO_LOGIN || v.AUTH_SECRET !== undefined, {
    path: ["DEMO_LOGIN"],
    message: "needs AUTH_SECRET to sign its tokens",
  })
  .refine((v) => v.PAYMENTS !== "sandbox" || v.DEMO_LOGIN, {
    path: ["PAYMENTS"],
    message: "sandbox is for demo instances: it needs DEMO_LOGIN",
  })
  .refine((v) => v.PAYMENTS !== "stripe" || (v.STRIPE_SECRET_KEY && v.STRIPE_WEBHOOK_SECRET), {
    path: ["PAYMENTS"],
    message: "stripe needs STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET",
  })
  .refine((v) => !v.ORDER_WEBHOOK_URL || v.ORDER_WEBHOOK_SECRET, {
    path: ["ORDER_WEBHOOK_SECRET"],
    message: "is needed to sign what goes to ORDER_WEBHOOK_URL",
  });

/** Everything the Worker is configured with, checked. Variables keep the names operators set. */
export type Config = z.output<typeof schema>;

export type ConfigResult = { ok: true; config: Config } | { ok: false; faults: string[] };

const parsed = new WeakMap<object, ConfigResult>();

/** Parses `env` on first use and remembers the outcome, good or bad, for the isolate's life. */
export function readConfig(env: object): ConfigResult {
  const known = parsed.get(env);
  if (known) return known;
  const result = schema.safeParse(env);
  const outcome: ConfigResult = result.success
    ? { ok: true, config: result.data }
    : { ok: false, faults: result.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`) };
  if (!outcome.ok)
    console.error(JSON.stringify({ event: "config.invalid", faults: outcome.faults }));
  parsed.set(env, outcome);
  return outcome;
}

/** For the places past the front door (objects, consumer, cron), which cannot answer 503. */
export function requireConfig(env: object): Config {
  const result = readConfig(env);
  if (!result.ok) throw new Error(`configuration: ${result.faults.join("; ")}`);
  return result.config;
}
