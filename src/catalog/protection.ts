// The protection settings of a sale: rate limits, challenge and automatic blocks. They change without a deployment.
import * as z from "zod";

const limitSchema = z.strictObject({
  algorithm: z.enum(["fixed-window", "sliding-window", "token-bucket"]).default("fixed-window"),
  /** Requests per window. For a token bucket: its capacity, and the refill per window. */
  limit: z.int().min(1).max(100_000),
  windowSeconds: z.int().min(1).max(3_600),
});

type Limit = z.output<typeof limitSchema>;

const fixed = (limit: number, windowSeconds: number): Limit => ({
  algorithm: "fixed-window",
  limit,
  windowSeconds,
});

/** The limit of an address is high, because carrier NAT puts many people behind one. A user is one person. */
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
      /** Purchase attempts. */
      order: limitsOf(DEFAULT_LIMITS.order),
      /** Payments and cancellations. */
      change: limitsOf(DEFAULT_LIMITS.change),
    })
    .default(DEFAULT_LIMITS),
  challenge: z
    .strictObject({
      mode: z.enum(["off", "by-score", "always"]).default("off"),
      /** The risk score (0 to 100) from which `by-score` requires a challenge. */
      threshold: z.int().min(1).max(100).default(50),
      /** Whether requests pass while the challenge provider does not answer. */
      whenDown: z.enum(["open", "closed"]).default("open"),
    })
    .default({ mode: "off", threshold: 50, whenDown: "open" }),
  autoBlock: z
    .strictObject({
      /** Counts within ten minutes that lead to a block. Attempts over the user's limit: */
      limitRefusals: z.int().min(1).max(100_000).default(DEFAULT_BLOCK.limitRefusals),
      /** Wrong or reused challenge solutions: */
      failedChallenges: z.int().min(1).max(1_000).default(DEFAULT_BLOCK.failedChallenges),
      /** Attempts without a challenge solution: */
      ignoredChallenges: z.int().min(1).max(1_000).default(DEFAULT_BLOCK.ignoredChallenges),
      blockSeconds: z.int().min(1).max(86_400).default(DEFAULT_BLOCK.blockSeconds),
    })
    .default(DEFAULT_BLOCK),
});

export type Protection = z.output<typeof protectionSchema>;
/** The settings as an operator writes them. Absent fields have defaults. */
export type ProtectionSettings = z.input<typeof protectionSchema>;
export type LimitPolicy = Limit;
/** The key that a limit counts by: an address or a user. */
export type PolicyName = keyof Protection["limits"]["order"];
/** The kinds of routes that are rate limited in Redis. */
export type LimitedRoute = keyof Protection["limits"];

const DEFAULTS: Protection = protectionSchema.parse({});

/** The settings of a sale, or the defaults. */
export const protectionOf = (sale: { protection?: Protection | undefined }): Protection =>
  sale.protection ?? DEFAULTS;
