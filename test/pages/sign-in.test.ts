// Where a page's "Sign in" leads: to the demo's form, to the shop's own page, or, when neither is there, to
// a plain word about what is missing.
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { ORIGIN, request } from "../support/http.ts";
import { aBuyer, aSale, aSku, putSale } from "../support/shop.ts";

const SHOP = { DEMO_LOGIN: "false", PAYMENTS: "", LOGIN_URL: "https://id.test/login?a=b" };
const NEITHER = { ...SHOP, LOGIN_URL: "" };

async function get(path: string, vars: object, headers: Record<string, string> = {}) {
  const ctx = createExecutionContext();
  const response = await app.fetch(request("GET", path, { headers }), { ...env, ...vars }, ctx);
  await waitOnExecutionContext(ctx);
  return { headers: response.headers, html: (await response.text()).replaceAll("&amp;", "&") };
}

async function paths() {
  const sku = aSku({ perUserLimit: 2 });
  const { id } = await putSale(aSale({ skus: [sku] }));
  return { sale: `/sales/${id}`, buy: `/sales/${id}/skus/${sku.id}/buy` };
}

test("at the shop: it is told the whole address to come back to", async () => {
  const { buy } = await paths();
  for (const path of ["/orders", `${buy}?quantity=2`]) {
    const { html } = await get(path, SHOP);
    const href = `https://id.test/login?a=b&return_to=${encodeURIComponent(ORIGIN + path)}`;
    expect(html).toContain(`href="${href}"`);
    expect(html).not.toContain("data-login");
  }
});

test("at the shop: the shared page names no host, so that it is the same for all of them", async () => {
  const { sale } = await paths();
  const { html, headers } = await get(sale, SHOP);
  expect(html).toContain('href="https://id.test/login?a=b"');
  expect(html).not.toContain(ORIGIN);
  expect(headers.get("cache-control")).toContain("public");
});

test("at the shop: only the shop can sign out again", async () => {
  const { token } = await aBuyer();
  const mine = { cookie: `session=${token}` };
  expect((await get("/orders", SHOP, mine)).html).not.toContain("Sign out");
  expect((await get("/orders", {}, mine)).html).toContain("Sign out");
});

test("nowhere: pages say what is missing instead of leading astray", async () => {
  const { sale, buy } = await paths();
  for (const path of [sale, buy, "/orders"]) {
    const { html } = await get(path, NEITHER);
    expect(html).toContain("<code>LOGIN_URL</code>");
    expect(html).not.toContain("data-login");
  }
});

test("with the demo login on, the shop's page is not used", async () => {
  const { html } = await get("/orders", { LOGIN_URL: SHOP.LOGIN_URL });
  expect(html).toContain("data-login");
  expect(html).not.toContain("id.test/login");
});

test.each(["javascript:alert(1)", "//evil.test", "id.test/login"])(
  "%s is no address to sign in at",
  (LOGIN_URL) => {
    const result = readConfig({ ...env, LOGIN_URL });
    expect(result).toMatchObject({ ok: false, faults: [expect.stringContaining("LOGIN_URL")] });
  },
);
