// The parsing of variables: secrets that can be rotated, several at once, newest first, the beacon, and the alerts.
import { expect, test, vi } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { THRESHOLDS } from "../../src/observability/alert-thresholds.ts";

vi.spyOn(console, "error").mockImplementation(() => {});

const ENV = {
  UPSTASH_REDIS_REST_URL: "https://redis.test",
  UPSTASH_REDIS_REST_TOKEN: "token",
  ADMIN_TOKEN: "an operator's token",
  SIGNING_SECRET: "s".repeat(32),
  AUTH_SECRET: "a".repeat(32),
};
const NEW = `whsec_${btoa("n".repeat(32))}`;
const OLD = `whsec_${btoa("o".repeat(32))}`;

const read = (vars: object) => {
  const result = readConfig({ ...ENV, ...vars });
  return result.ok ? result.config : result.faults;
};

test.each(["STRIPE_WEBHOOK_SECRET", "ORDER_WEBHOOK_SECRET", "MERCHANT_SECRET"])(
  "accepts one %s, or several in their order",
  (name) => {
    expect(read({ [name]: NEW })).toMatchObject({ [name]: [NEW] });
    expect(read({ [name]: `${NEW}, ${OLD}` })).toMatchObject({ [name]: [NEW, OLD] });
    expect(read({ [name]: "" })).not.toHaveProperty(name, expect.anything());
  },
);

test.each([
  ["ORDER_WEBHOOK_SECRET", `${NEW},not-base64!`, "secret 2 of 2 is invalid"],
  ["MERCHANT_SECRET", `${NEW},${OLD.slice(0, -1)}`, "secret 2 of 2 is invalid"],
  ["ORDER_WEBHOOK_SECRET", "short", "secret 1 of 1 is invalid"],
  ["STRIPE_WEBHOOK_SECRET", `${NEW},`, "secret 2 of 2 is invalid"],
])("names the invalid secret in %s without quoting it", (name, value, message) => {
  const [fault, ...others] = read({ [name]: value }) as string[];
  expect(others).toEqual([]);
  expect(fault).toContain(`${name}: ${message}`);
  expect(fault).not.toContain(value);
});

test("asks for no event about an order that is not final, unless it is named", () => {
  expect(read({})).toMatchObject({ ORDER_WEBHOOK_EVENTS: [] });
  const both = ["order.payment_changed", "order.reserved"];
  expect(read({ ORDER_WEBHOOK_EVENTS: `${both}, order.reserved` })).toMatchObject({
    ORDER_WEBHOOK_EVENTS: both,
  });
  expect(read({ ORDER_WEBHOOK_EVENTS: "order.reserved,order.paid" })).toEqual([
    "ORDER_WEBHOOK_EVENTS.1: use order.reserved and order.payment_changed",
  ]);
});

test("refuses a theme whose link shows another host than it leads to", () => {
  const link = (url: string) =>
    read({ THEME: JSON.stringify({ links: [{ label: "Terms", url }] }) });
  expect(link("https://shop.test/@terms")).toMatchObject({
    THEME: { links: [{ label: "Terms" }] },
  });
  expect(link("https://shop.test@evil.test/")).toEqual([
    "THEME.links.0.url: must not contain a user name or password",
  ]);
});

test("takes exact origins of other sites, and refuses what no browser sends", () => {
  expect(read({ ALLOWED_ORIGINS: "" })).toMatchObject({ ALLOWED_ORIGINS: [] });
  const origins = ["https://shop.example", "https://xn--mnchen-3ya.example:8443"];
  const local = ["http://localhost:3000", "http://127.0.0.1:5173"];
  const ALLOWED_ORIGINS = [...origins, ...local].join(", ");
  expect(read({ ALLOWED_ORIGINS })).toMatchObject({ ALLOWED_ORIGINS: [...origins, ...local] });
  for (const wrong of ["*", "null", "https://*.shop.example", "https://shop.example/"].concat(
    ["https://SHOP.example", "https://shop.example:443", "http://shop.example", "shop.example"],
    ["https://user@shop.example", "https://münchen.example", "file:///page"],
  )) {
    expect(read({ ALLOWED_ORIGINS: `https://shop.example,${wrong}` })).toEqual([
      "ALLOWED_ORIGINS.1: use an origin such as https://shop.example, without a path",
    ]);
  }
});

test("requires a secret and a checkout if the shop charges in its own checkout", () => {
  const CHECKOUT_URL = "https://shop.test/checkout";
  const vars = { PAYMENTS: "external", CHECKOUT_URL, MERCHANT_SECRET: NEW };
  expect(read(vars)).toMatchObject({ ...vars, MERCHANT_SECRET: [NEW] });
  for (const missing of ["CHECKOUT_URL", "MERCHANT_SECRET"]) {
    expect(read({ ...vars, [missing]: "" })).toEqual([
      "PAYMENTS: external requires MERCHANT_SECRET and CHECKOUT_URL",
    ]);
  }
});

test("requires a webhook secret with the Stripe gateway and with a webhook URL", () => {
  expect(read({ PAYMENTS: "stripe", STRIPE_SECRET_KEY: "sk_1" })).toEqual([
    "PAYMENTS: stripe requires STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET",
  ]);
  expect(read({ ORDER_WEBHOOK_URL: "https://erp.test" })).toEqual([
    "ORDER_WEBHOOK_SECRET: is required to sign requests to ORDER_WEBHOOK_URL",
  ]);
});

test("requires a viewer token that differs from the operator's", () => {
  expect(read({ VIEWER_TOKEN: "a viewer's own token" })).toHaveProperty("VIEWER_TOKEN");
  expect(read({ VIEWER_TOKEN: "" })).not.toHaveProperty("VIEWER_TOKEN", expect.anything());
  expect(read({ VIEWER_TOKEN: ENV.ADMIN_TOKEN })).toEqual([
    "VIEWER_TOKEN: must differ from ADMIN_TOKEN: it determines what its holder may do",
  ]);
});

test("accepts the team of Cloudflare Access as a domain or a URL, and only with its audience", () => {
  const ACCESS_AUD = "aud-tag";
  for (const team of ["shop.cloudflareaccess.com", "https://shop.cloudflareaccess.com/"]) {
    expect(read({ ACCESS_TEAM_DOMAIN: team, ACCESS_AUD })).toMatchObject({
      ACCESS_TEAM_DOMAIN: "https://shop.cloudflareaccess.com",
      ACCESS_OPERATORS: [],
    });
  }
  expect(read({ ACCESS_OPERATORS: " Ann@Shop.example,bob@shop.example ," })).toMatchObject({
    ACCESS_OPERATORS: ["ann@shop.example", "bob@shop.example"],
  });
  for (const half of [{ ACCESS_AUD }, { ACCESS_TEAM_DOMAIN: "shop.cloudflareaccess.com" }]) {
    expect(read(half)).toEqual([
      "ACCESS_AUD: set both ACCESS_TEAM_DOMAIN and ACCESS_AUD, or neither",
    ]);
  }
});

const CHAIN = {
  hash: "ab".repeat(32),
  publicKey: "cd".repeat(96),
  genesisTime: 1_692_803_367,
  period: 3,
};

test("accepts another beacon as JSON, and quicknet if none is set", () => {
  const urls = ["http://127.0.0.1:9", "https://relay.test"];
  expect(read({ BEACON: JSON.stringify({ urls, ...CHAIN }) })).toMatchObject({
    BEACON: { urls, chain: CHAIN },
  });
  expect(read({ BEACON: "" })).not.toHaveProperty("BEACON", expect.anything());
});

test.each([
  ["no JSON", "quicknet", "BEACON: is not JSON"],
  ["no relay", { urls: [], ...CHAIN }, "BEACON.urls: "],
  ["a relay that is no address", { urls: ["ftp://relay.test"], ...CHAIN }, "BEACON.urls.0: "],
  [
    "a short key",
    { urls: ["https://relay.test"], ...CHAIN, publicKey: "cd" },
    "BEACON.publicKey: ",
  ],
  ["no period", { urls: ["https://relay.test"], ...CHAIN, period: 0 }, "BEACON.period: "],
])("refuses a beacon with %s", (_, value, fault) => {
  const BEACON = typeof value === "string" ? value : JSON.stringify(value);
  expect(read({ BEACON })).toEqual([expect.stringContaining(fault)]);
});

test("changes single limits of a breaker and keeps the others", () => {
  const BREAKERS = JSON.stringify({ payments: { slowMs: 4_000 } });
  const changed = read({ BREAKERS }) as { BREAKERS: Record<string, object> };
  expect(changed.BREAKERS.payments).toMatchObject({ slowMs: 4_000, failuresInRow: 10 });
  expect(changed.BREAKERS.redis).toMatchObject({ limitMs: 300, slowMs: 500 });
});

test.each([
  ["that is no JSON", "fast", "BREAKERS: is not JSON"],
  ["for a service that has none", '{"postgres":{}}', "BREAKERS"],
  ["with a name that is misspelled", '{"redis":{"slow":1}}', "BREAKERS.redis"],
  ["with a time limit that is too long", '{"redis":{"limitMs":60000}}', "BREAKERS.redis.limitMs"],
  ["with a share above 1", '{"redis":{"failureShare":5}}', "BREAKERS.redis.failureShare"],
])("refuses limits of breakers %s", (_, BREAKERS, fault) => {
  expect(read({ BREAKERS })).toEqual([expect.stringContaining(fault)]);
});

test("requires what the form of the alerts needs: a secret, or the key of PagerDuty", () => {
  const ALERT_WEBHOOK_URL = "https://alerts.test/hook";
  expect(read({ ALERT_WEBHOOK_URL })).toEqual([
    "ALERT_WEBHOOK_SECRET: is required to sign requests to ALERT_WEBHOOK_URL, unless ALERT_FORMAT is set",
  ]);
  expect(read({ ALERT_WEBHOOK_URL, ALERT_FORMAT: "slack" })).toHaveProperty("ALERT_FORMAT");
  expect(read({ ALERT_WEBHOOK_URL, ALERT_FORMAT: "pagerduty" })).toEqual([
    "ALERT_PAGERDUTY_KEY: is required by ALERT_FORMAT=pagerduty",
  ]);
  expect(read({ ALERT_FORMAT: "teams" })).toHaveLength(1);
});

test("changes single thresholds of alerts, and refuses unknown rules and values", () => {
  const thresholds = (ALERT_THRESHOLDS: string) => read({ ALERT_THRESHOLDS });
  expect(thresholds('{"outbox_old":120,"shedding":0.02}')).toMatchObject({
    ALERT_THRESHOLDS: { ...THRESHOLDS, outbox_old: 120, shedding: 0.02 },
  });
  expect(thresholds("")).not.toHaveProperty("ALERT_THRESHOLDS", expect.anything());
  for (const text of [
    "{",
    "[]",
    "7",
    '{"outbox":1}',
    '{"shedding":-1}',
    '{"shedding":"1"}',
    "null",
  ]) {
    expect(thresholds(text)).toEqual([expect.stringMatching(/^ALERT_THRESHOLDS/)]);
  }
});
