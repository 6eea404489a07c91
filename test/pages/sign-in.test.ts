// Where "Sign in" leads: to the demo form, to the shop's own sign-in page, or, with neither configured, to a
// note about the missing setting.
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { readConfig } from "../../src/config/config.ts";
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

test("sends the shop's sign-in page the full URL to return to", async () => {
  const { buy } = await paths();
  for (const path of ["/orders", `${buy}?quantity=2`]) {
    const { html } = await get(path, SHOP);
    const href = `https://id.test/login?a=b&return_to=${encodeURIComponent(ORIGIN + path)}`;
    expect(html).toContain(`href="${href}"`);
    expect(html).not.toContain("data-login");
  }
});

test("leaves the return URL out of the cacheable sale page, so it is the same on every host", async () => {
  const { sale } = await paths();
  const { html, headers } = await get(sale, SHOP);
  expect(html).toContain('href="https://id.test/login?a=b"');
  expect(html).not.toContain(ORIGIN);
  expect(headers.get("cache-control")).toContain("public");
});

test("offers Sign out only with the demo login, not with the shop's own sign-in", async () => {
  const { token } = await aBuyer();
  const mine = { cookie: `session=${token}` };
  expect((await get("/orders", SHOP, mine)).html).not.toContain("Sign out");
  expect((await get("/orders", {}, mine)).html).toContain("Sign out");
});

test("names the missing setting when no sign-in is configured", async () => {
  const { sale, buy } = await paths();
  for (const path of [sale, buy, "/orders"]) {
    const { html } = await get(path, NEITHER);
    expect(html).toContain("<code>LOGIN_URL</code>");
    expect(html).not.toContain("data-login");
  }
});

test("prefers the demo login over the shop's sign-in page", async () => {
  const { html } = await get("/orders", { LOGIN_URL: SHOP.LOGIN_URL });
  expect(html).toContain("data-login");
  expect(html).not.toContain("id.test/login");
});

test.each(["javascript:alert(1)", "//evil.test", "id.test/login"])(
  "rejects %s as LOGIN_URL",
  (LOGIN_URL) => {
    const result = readConfig({ ...env, LOGIN_URL });
    expect(result).toMatchObject({ ok: false, faults: [expect.stringContaining("LOGIN_URL")] });
  },
);
