// How a sale protects itself: limits, challenge and automatic blocks, per sale and without a deploy.
import * as z from "zod";

const limitSchema = z.strictObject({
  algorithm: z.enum(["fixed-window", "sliding-window", "token-bucket"]).default("fixed-window"),
  /** Requests per window; for a token bucket the refill per window, and its size. */
  limit: z.int().min(1).max(100_000),
  windowSeconds: z.int().min(1).max(3_600),
});

type Limit = z.output<typeof limitSchema>;

const fixed = (limit: number, windowSeconds: number): Limit => ({
  algorithm: "fixed-window",
  limit,
  windowSeconds,
});

/** Many people share one address behind carrier NAT; a user is one person. */
const DEFAULT_LIMITS = {
  order: { ip: fixed(1_000, 10), user: fixed(20, 60) },
  change: { ip: fixed(1_000, 10), user: fixed(20, 60) },
};

const limitsOf = (defaults: { ip: Limit; user: Limit }) =>
  z
    .strictObject({
      ip: limitSchema.default(defaults.ip),
      user: limitSchema.default(defaults.user),
    })
    .default(defaults);

const DEFAULT_BLOCK = {
  limitRefusals: 100,
  failedChallenges: 5,
  ignoredChallenges: 20,
  blockSeconds: 900,
};

export const protectionSchema = z.strictObject({
  limits: z
    .strictObject({
      /** Attempts to buy. */
      order: limitsOf(DEFAULT_LIMITS.order),
      /** Paying for an order and giving it back. */
      change: limitsOf(DEFAULT_LIMITS.change),
    })
    .default(DEFAULT_LIMITS),
  challenge: z
    .strictObject({
      mode: z.enum(["off", "by-score", "always"]).default("off"),
      /** Risk score (0 to 100) from which `by-score` asks. */
      threshold: z.int().min(1).max(100).default(50),
      /** What happens while the challenge provider does not answer. */
      whenDown: z.enum(["open", "closed"]).default("open"),
    })
    .default({ mode: "off", threshold: 50, whenDown: "open" }),
  autoBlock: z
    .strictObject({
      /** How often within ten minutes: attempts over the user's limit, */
      limitRefusals: z.int().min(1).max(100_000).default(DEFAULT_BLOCK.limitRefusals),
      /** wrong or spent answers to a challenge, */
      failedChallenges: z.int().min(1).max(1_000).default(DEFAULT_BLOCK.failedChallenges),
      /** attempts that just did not answer the challenge. */
      ignoredChallenges: z.int().min(1).max(1_000).default(DEFAULT_BLOCK.ignoredChallenges),
      blockSeconds: z.int().min(1).max(86_400).default(DEFAULT_BLOCK.blockSeconds),
    })
    .default(DEFAULT_BLOCK),
});

export type Protection = z.output<typeof protectionSchema>;
/** The same as an operator writes it: what is left out has its default. */
export type ProtectionSettings = z.input<typeof protectionSchema>;
export type LimitPolicy = Limit;
/** The subject of a limit: an address or a user. */
export type PolicyName = keyof Protection["limits"]["order"];
/** The routes that Redis limits. */
export type LimitedRoute = keyof Protection["limits"];

const DEFAULTS: Protection = protectionSchema.parse({});

/** A sale's own settings, or the defaults. */
export const protectionOf = (sale: { protection?: Protection | undefined }): Protection =>
  sale.protection ?? DEFAULTS;
