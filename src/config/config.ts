// Variables and secrets, parsed once per isolate. If one is missing or invalid, the log names it, and callers get a
// plain 503.
import * as z from "zod";
import { thresholdsSchema } from "../observability/alert-thresholds.ts";
import "../values/issue-words.ts";
import { LANGUAGES } from "../values/languages.ts";
import { siteBrandingSchema } from "./branding.ts";
import { breakerLimits } from "./breaker-limits.ts";
import {
  beacon,
  extraEvents,
  flag,
  json,
  operatorToken,
  optionalText,
  optionalUrl,
  origins,
  redisPrefix,
  secret,
  secretList,
  teamDomain,
  unset,
  webhookSecrets,
} from "./formats.ts";

const schema = z
  .object({
    UPSTASH_REDIS_REST_URL: z.url({ protocol: /^https?$/ }),
    UPSTASH_REDIS_REST_TOKEN: z.string().min(1),
    /** Prefix of every key in Redis. Ends with a colon. */
    REDIS_PREFIX: z
      .string()
      .default("")
      .transform((prefix) => prefix || "doorbuster:")
      .pipe(redisPrefix),
    /** The token of operators. */
    ADMIN_TOKEN: operatorToken,
    /** The token of viewers, who can read what operators can, but change nothing. */
    VIEWER_TOKEN: unset.or(operatorToken).optional(),
    /** Cloudflare Access in front of the console: the team's domain, and the application's audience tag. */
    ACCESS_TEAM_DOMAIN: unset.or(teamDomain).optional(),
    ACCESS_AUD: optionalText,
    /** E-mail addresses of operators who sign in with Access. Everyone else whom it lets in is a viewer. */
    ACCESS_OPERATORS: z
      .string()
      .default("")
      .transform((text) =>
        text
          .toLowerCase()
          .split(/[\s,]+/)
          .filter(Boolean),
      ),
    SIGNING_SECRET: secret,
    /** The public origin. If it is set, no other host is served. */
    PUBLIC_ORIGIN: unset
      .or(z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).origin))
      .optional(),
    /** Other sites whose pages may call the buyers' API with a bearer token. */
    ALLOWED_ORIGINS: origins,
    /** For a developer's machine: without a public origin, only local hosts are served. */
    LOCAL_ONLY: flag.default(false),
    /** Set by `npm run dev`. Its proxy sends this value to prove that a request came through it. */
    LOCAL_GUARD: optionalText,
    AUTH_SECRET: unset.or(secret).optional(),
    AUTH_JWKS_URL: optionalUrl,
    AUTH_ISSUER: optionalText,
    AUTH_AUDIENCE: optionalText,
    DEMO_LOGIN: flag.default(false),
    /** The shop's sign-in page, where buyers are sent if the demo login is off. */
    LOGIN_URL: optionalUrl,
    /** The shop's checkout, where buyers pay for reserved orders. */
    CHECKOUT_URL: optionalUrl,
    /** The payment provider. `external`: the shop charges in its own checkout. Unset: orders cannot be paid here. */
    PAYMENTS: unset.or(z.enum(["sandbox", "stripe", "external"])).optional(),
    /** Verify the shop's payment reports: a signature by any of them is accepted. */
    MERCHANT_SECRET: webhookSecrets,
    STRIPE_SECRET_KEY: unset.or(z.string()).optional(),
    /** Verify Stripe's webhooks: a signature by any of them is accepted. */
    STRIPE_WEBHOOK_SECRET: secretList(
      (text) => text !== "",
      "separate secrets with one comma, without empty entries",
    ),
    /** Given to the owner of an order, whose browser collects the card and answers the bank with it. */
    STRIPE_PUBLISHABLE_KEY: unset
      .or(z.string().regex(/^pk_/, "use the key that starts with pk_"))
      .optional(),
    STRIPE_API_URL: optionalUrl,
    /** How many payments may start per second: the provider's limit for one endpoint, with some room. See `rate.ts`. */
    PAYMENT_RATE_PER_SECOND: unset.or(z.coerce.number().min(1).max(1_000)).optional(),
    /** For tests, whose pages load a fake Stripe.js. */
    STRIPE_JS_URL: optionalUrl,
    /** The language of pages for buyers who ask for none of the others. Pages of a sale prefer the sale's. */
    LANGUAGE: unset
      .or(z.enum(LANGUAGES, `use one of ${LANGUAGES.join(", ")}`))
      .optional()
      .transform((language) => language ?? "en"),
    /** The branding of all pages for buyers, as JSON. A sale's `theme` overrides it field by field. */
    THEME: z
      .string()
      .default("")
      .pipe(json)
      .transform((theme) => theme ?? {})
      .pipe(siteBrandingSchema),
    /** Turnstile, for sales that require a challenge. */
    TURNSTILE_SITE_KEY: optionalText,
    TURNSTILE_SECRET: optionalText,
    TURNSTILE_VERIFY_URL: unset
      .or(z.url({ protocol: /^https?$/ }))
      .optional()
      .transform((url) => url ?? "https://challenges.cloudflare.com/turnstile/v0/siteverify"),
    /** The drand chain that decides draws. Unset: quicknet, at drand's public relays. */
    BEACON: beacon,
    /** Ids of users and orders whose every step is logged, separated by spaces or commas. */
    LOG_VERBOSE_FOR: z
      .string()
      .default("")
      .transform((text) => new Set(text.split(/[\s,]+/).filter(Boolean))),
    /** Limits of circuit breakers that differ from the defaults, as JSON: see `breaker-limits.ts`. */
    BREAKERS: z
      .string()
      .default("")
      .pipe(json)
      .transform((changes) => changes ?? {})
      .pipe(breakerLimits),
    /** The shop's webhook for final changes of orders. Requests are signed with each of the secrets. */
    ORDER_WEBHOOK_URL: optionalUrl,
    ORDER_WEBHOOK_SECRET: webhookSecrets,
    /** Events about orders that are not final, separated by commas or spaces. Unset: none, and they cost nothing. */
    ORDER_WEBHOOK_EVENTS: extraEvents,
    /** The operator's webhook for alerts, and the body that it expects. Unset: the Standard Webhooks form, signed. */
    ALERT_WEBHOOK_URL: optionalUrl,
    ALERT_FORMAT: unset.or(z.enum(["slack", "pagerduty"])).optional(),
    ALERT_WEBHOOK_SECRET: webhookSecrets,
    /** The integration key of a service at PagerDuty. */
    ALERT_PAGERDUTY_KEY: optionalText,
    ALERT_THRESHOLDS: json.pipe(thresholdsSchema.optional()).optional(),
  })
  .refine((v) => (v.AUTH_SECRET === undefined) !== (v.AUTH_JWKS_URL === undefined), {
    path: ["AUTH_SECRET"],
    message:
      "set exactly one of AUTH_SECRET and AUTH_JWKS_URL: it determines how tokens are verified",
  })
  .refine((v) => v.VIEWER_TOKEN !== v.ADMIN_TOKEN, {
    path: ["VIEWER_TOKEN"],
    message: "must differ from ADMIN_TOKEN: it determines what its holder may do",
  })
  .refine((v) => (v.ACCESS_TEAM_DOMAIN === undefined) === (v.ACCESS_AUD === undefined), {
    path: ["ACCESS_AUD"],
    message: "set both ACCESS_TEAM_DOMAIN and ACCESS_AUD, or neither",
  })
  // Without them, tokens that the provider issued to other apps would be valid here.
  .refine((v) => !v.AUTH_JWKS_URL || v.AUTH_ISSUER, {
    path: ["AUTH_ISSUER"],
    message: "is required with AUTH_JWKS_URL: the `iss` of its tokens",
  })
  .refine((v) => !v.AUTH_JWKS_URL || v.AUTH_AUDIENCE, {
    path: ["AUTH_AUDIENCE"],
    message: "is required with AUTH_JWKS_URL: the `aud` of tokens for this service",
  })
  .refine((v) => !v.DEMO_LOGIN || v.AUTH_SECRET !== undefined, {
    path: ["DEMO_LOGIN"],
    message: "requires AUTH_SECRET to sign its tokens",
  })
  .refine((v) => v.PAYMENTS !== "sandbox" || v.DEMO_LOGIN, {
    path: ["PAYMENTS"],
    message: "sandbox is for demo instances: it requires DEMO_LOGIN",
  })
  .refine((v) => v.PAYMENTS !== "stripe" || (v.STRIPE_SECRET_KEY && v.STRIPE_WEBHOOK_SECRET), {
    path: ["PAYMENTS"],
    message: "stripe requires STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET",
  })
  .refine((v) => v.PAYMENTS !== "external" || (v.MERCHANT_SECRET && v.CHECKOUT_URL), {
    path: ["PAYMENTS"],
    message: "external requires MERCHANT_SECRET and CHECKOUT_URL",
  })
  .refine((v) => !v.ORDER_WEBHOOK_URL || v.ORDER_WEBHOOK_SECRET, {
    path: ["ORDER_WEBHOOK_SECRET"],
    message: "is required to sign requests to ORDER_WEBHOOK_URL",
  })
  .refine((v) => !v.ALERT_WEBHOOK_URL || v.ALERT_FORMAT || v.ALERT_WEBHOOK_SECRET, {
    path: ["ALERT_WEBHOOK_SECRET"],
    message: "is required to sign requests to ALERT_WEBHOOK_URL, unless ALERT_FORMAT is set",
  })
  .refine((v) => v.ALERT_FORMAT !== "pagerduty" || v.ALERT_PAGERDUTY_KEY, {
    path: ["ALERT_PAGERDUTY_KEY"],
    message: "is required by ALERT_FORMAT=pagerduty",
  });

/** The validated configuration. Variables keep the names that operators set. */
export type Config = z.output<typeof schema>;

/** Whether orders are paid with a payment method that the buyer sends here. */
export const takesPaymentTokens = ({ PAYMENTS }: Pick<Config, "PAYMENTS">): boolean =>
  PAYMENTS !== undefined && PAYMENTS !== "external";

export type ConfigResult = { ok: true; config: Config } | { ok: false; faults: string[] };

const parsed = new WeakMap<object, ConfigResult>();

/** Parses `env` on first use, and caches the result, valid or not, for the isolate's life. */
export function readConfig(env: object): ConfigResult {
  const cached = parsed.get(env);
  if (cached) return cached;
  const result = schema.safeParse(env);
  const outcome: ConfigResult = result.success
    ? { ok: true, config: result.data }
    : { ok: false, faults: result.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`) };
  if (!outcome.ok)
    console.error(JSON.stringify({ event: "config.invalid", faults: outcome.faults }));
  parsed.set(env, outcome);
  return outcome;
}

/** For code that cannot respond with 503: Durable Objects, the consumer, the scheduled run. Throws instead. */
export function requireConfig(env: object): Config {
  const result = readConfig(env);
  if (!result.ok) throw new Error(`configuration: ${result.faults.join("; ")}`);
  return result.config;
}
