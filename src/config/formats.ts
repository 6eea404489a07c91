// The formats of variables and secrets: how the text of one is checked, and what it becomes.
import * as z from "zod";
import { isLocal } from "./local-address.ts";
import { EXTRA_EVENTS } from "./webhook-events.ts";

const MIN_SECRET_LENGTH = 32;
export const secret = z
  .string()
  .min(MIN_SECRET_LENGTH, `needs at least ${MIN_SECRET_LENGTH} characters`);
export const flag = z.enum(["true", "false"]).transform((value) => value === "true");
/** wrangler.toml declares optional variables as "", so that the dashboard shows them. */
export const unset = z.literal("").transform(() => undefined);
export const optionalUrl = unset.or(z.url({ protocol: /^https?$/ })).optional();
/** The format of the Standard Webhooks specification. The base64 must be complete, or every signature would fail. */
const WEBHOOK_SECRET = /^whsec_(?:[A-Za-z0-9+/]{4}){8,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/**
 * Secrets separated by commas, newest first. During a rotation both the new and the old one are set, so that no event is
 * lost while the other side still uses the old one. Undefined if there are none.
 */
export const secretList = (isValid: (secret: string) => boolean, expected: string) =>
  z
    .string()
    .transform((text, context): string[] | undefined => {
      if (!text) return undefined;
      const secrets = text.split(",").map((part) => part.trim());
      for (const [index, each] of secrets.entries()) {
        if (isValid(each)) continue;
        // Never quotes the value: it is a secret, and this goes to the log.
        const message = `secret ${index + 1} of ${secrets.length} is invalid: ${expected}`;
        context.addIssue({ code: "custom", message });
      }
      return secrets;
    })
    .optional();
export const webhookSecrets = secretList(
  (text) => WEBHOOK_SECRET.test(text),
  "use whsec_ and base64, and separate secrets with a comma",
);

/**
 * The first part of every key in Redis, after the prefix. A prefix must not contain one of these, or keys of the prefix
 * `shop:orders:` would collide with orders of the prefix `shop:`.
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
  "attention",
] as const;

export type KeyName = (typeof KEY_NAMES)[number];

/** Names separated by colons. Because of the final colon, no prefix matches the keys of another one. */
export const redisPrefix = z
  .string()
  .regex(/^[A-Za-z0-9._-]+(:[A-Za-z0-9._-]+)*:?$/, "use letters, digits, . _ - and single colons")
  .max(64, "use at most 64 characters")
  .refine((prefix) => !prefix.split(":").some((part) => KEY_NAMES.includes(part as never)), {
    message: `must not contain ${KEY_NAMES.join(", ")} as a part`,
  })
  .transform((prefix) => (prefix.endsWith(":") ? prefix : `${prefix}:`));
export const optionalText = unset.or(z.string()).optional();
export const operatorToken = z.string().min(16, "needs at least 16 characters");
/** `shop.cloudflareaccess.com`, or its URL. */
export const teamDomain = z
  .string()
  .transform((text) => (text.includes("://") ? text : `https://${text}`))
  .pipe(z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).origin));

const hexOf = (bytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`), `needs ${bytes} bytes in hexadecimal`);

/** Undefined for the empty text. */
export const json = z.string().transform((text, context): unknown => {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: "custom", message: "is not JSON" });
    return z.NEVER;
  }
});

/** A drand chain and its relays, as JSON: `{ urls, hash, publicKey, genesisTime, period }`. Times are seconds. */
export const beacon = json
  .pipe(
    z
      .strictObject({
        urls: z.array(z.url({ protocol: /^https?$/ })).min(1),
        hash: hexOf(32),
        publicKey: hexOf(96),
        genesisTime: z.int().positive(),
        period: z.int().positive(),
      })
      .transform(({ urls, ...chain }) => ({ urls, chain }))
      .optional(),
  )
  .optional();

/** Names from `EXTRA_EVENTS`, separated by commas or spaces. */
export const extraEvents = z
  .string()
  .default("")
  .transform((text) => [...new Set(text.split(/[\s,]+/).filter(Boolean))])
  .pipe(z.array(z.enum(EXTRA_EVENTS, `use ${EXTRA_EVENTS.join(" and ")}`)));

/** Exact origins, separated by commas or spaces: what a browser sends as `Origin`. Others can be read on the way. */
export const origins = z
  .string()
  .default("")
  .transform((text) => [...new Set(text.split(/[\s,]+/).filter(Boolean))])
  .pipe(
    z.array(
      z.string().refine(isOrigin, "use an origin such as https://shop.example, without a path"),
    ),
  );

function isOrigin(text: string): boolean {
  const { origin, protocol } = URL.parse(text) ?? {};
  return origin === text && !text.includes("*") && (protocol === "https:" || isLocal(`${text}/`));
}
