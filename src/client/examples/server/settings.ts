// What the servers of the shop know, from the environment. Nothing of it but `doorbuster` ever reaches a browser.
import { Webhook } from "standardwebhooks";

export interface ShopSettings {
  /** The origin of the shop's own pages. It is one of the deployment's `ALLOWED_ORIGINS`. */
  origin: string;
  /** The origin of the deployment of Doorbuster. */
  doorbuster: string;
  /** The deployment's `AUTH_SECRET`. It signs the tokens of buyers. */
  authSecret: string;
  /** Verify webhooks: one for each secret in the deployment's `ORDER_WEBHOOK_SECRET`. */
  webhooks: Webhook[];
  /** Signs reports of payments, if the shop has its own checkout: the deployment's `MERCHANT_SECRET`. */
  merchant?: Webhook;
  /** Signs the shop's own sessions. Doorbuster does not know it. */
  sessionSecret: string;
}

/** @throws if a variable is missing or malformed: better at the start than at the first event */
export function readSettings(env: Record<string, string | undefined>): ShopSettings {
  const read = (name: string): string => {
    const value = env[name];
    if (!value) throw new Error(`${name} is not set`);
    return value;
  };
  const { MERCHANT_SECRET } = env;
  return {
    origin: new URL(read("SHOP_ORIGIN")).origin,
    doorbuster: new URL(read("DOORBUSTER_URL")).origin,
    authSecret: read("AUTH_SECRET"),
    // During a rotation there are two.
    webhooks: read("ORDER_WEBHOOK_SECRET")
      .split(",")
      .map((secret) => new Webhook(secret.trim())),
    ...(MERCHANT_SECRET && { merchant: new Webhook(MERCHANT_SECRET) }),
    sessionSecret: read("SESSION_SECRET"),
  };
}
