// Who may call the API: its security schemes.
export const SECURITY = {
  buyerToken: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A JWT of the shop's identity provider. `sub` is the user id.",
  },
  buyerSession: {
    type: "apiKey",
    in: "cookie",
    name: "session",
    description: "The same JWT as a cookie. Writes need an `Origin` of this site.",
  },
  operatorToken: {
    type: "http",
    scheme: "bearer",
    description: "`ADMIN_TOKEN`, or `VIEWER_TOKEN`, which changes nothing.",
  },
  operatorSession: {
    type: "apiKey",
    in: "cookie",
    name: "__Host-operator",
    description: "A session of the console. Writes need an `Origin` of this site.",
  },
  accessAssertion: {
    type: "apiKey",
    in: "header",
    name: "Cf-Access-Jwt-Assertion",
    description: "Cloudflare Access adds it.",
  },
  standardWebhooks: {
    type: "apiKey",
    in: "header",
    name: "webhook-signature",
    description:
      "A signature of `webhook-id`, `webhook-timestamp` and the body with `MERCHANT_SECRET` (Standard Webhooks).",
  },
  stripeSignature: {
    type: "apiKey",
    in: "header",
    name: "Stripe-Signature",
    description: "Stripe signs its events with `STRIPE_WEBHOOK_SECRET`.",
  },
} as const;

export type SecurityName = keyof typeof SECURITY;
