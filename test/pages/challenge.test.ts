// Challenges in server-rendered pages: only a sale that can require a challenge relaxes its content security
// policy, and the no-JavaScript form explains that the check needs JavaScript.
import { expect, test } from "vitest";
import type { Protection } from "../../src/catalog/protection.ts";
import { protectionSchema } from "../../src/catalog/protection.ts";
import { ORIGIN, request, send } from "../support/http.ts";
import { aBuyer, aSale, aSku, putSale } from "../support/shop.ts";

type Mode = Protection["challenge"]["mode"];
const STRICT =
  "default-src 'self'; img-src 'self' https:; object-src 'none'; base-uri 'none'; " +
  "frame-ancestors 'none'; form-action 'self'";
const PROVIDER = "https://challenges.cloudflare.com";

async function saleWith(mode: Mode) {
  const sku = aSku();
  const protection = protectionSchema.parse({ challenge: { mode } });
  const { id } = await putSale(aSale({ skus: [sku], protection }));
  return { path: `/sales/${id}`, buyPath: `/sales/${id}/skus/${sku.id}/buy` };
}

const get = (path: string) => send<string>(request("GET", path));

test.each<Mode>(["by-score", "always"])(
  "allows the challenge provider's script on the sale page only (mode %s)",
  async (mode) => {
    const { path, buyPath } = await saleWith(mode);
    const page = await get(path);
    expect(page.headers.get("content-security-policy")).toBe(
      `${STRICT}; script-src 'self' ${PROVIDER}; frame-src ${PROVIDER}`,
    );
    expect(page.body).toContain('data-visits=""');
    expect(page.body).toMatch(/<template id="challenge" data-src="\/assets\/challenge-\w+\.js">/);
    expect(page.body, "nothing loads before a challenge is required").not.toContain(PROVIDER);
    const again = await send(
      request("GET", path, { headers: { "if-none-match": page.headers.get("etag") ?? "" } }),
    );
    expect(again.status).toBe(304);
    expect(again.headers.get("content-security-policy")).toContain(PROVIDER);
    for (const other of ["/", buyPath, "/orders", `/api${path}`, "/nowhere"]) {
      const { headers } = await get(other);
      expect([other, headers.get("content-security-policy")]).toEqual([other, STRICT]);
    }
  },
);

test("keeps the strict policy and fetches no visit token when challenges are off", async () => {
  const { path } = await saleWith("off");
  const page = await get(path);
  expect(page.headers.get("content-security-policy")).toBe(STRICT);
  expect(page.body).not.toMatch(/data-visits|id="challenge"/);
});

test("lets a buyer without JavaScript pass score-based protection with the form's visit token", async () => {
  const { buyPath } = await saleWith("by-score");
  const { token } = await aBuyer();
  const cookie = { cookie: `session=${token}`, origin: ORIGIN, "cf-connecting-ip": "10.9.8.7" };
  const { body } = await send<string>(request("GET", buyPath, { headers: cookie }));
  const field = (name: string) =>
    new RegExp(`name="${name}" value="([^"]+)"`).exec(body)?.[1] ?? "";
  const post = (fields: Record<string, string>) =>
    send<string>(
      new Request(new URL(buyPath, ORIGIN), {
        method: "POST",
        redirect: "manual",
        headers: cookie,
        body: new URLSearchParams(fields),
      }),
    );

  const without = await post({ quantity: "1", key: "k1" });
  const withToken = await post({ quantity: "1", key: field("key"), visit: field("visit") });

  expect([without.status, withToken.status]).toEqual([403, 303]);
});

test("explains on the form that the check needs JavaScript and links back to the sale", async () => {
  const { path, buyPath } = await saleWith("always");
  const { token } = await aBuyer();
  const answer = await send<string>(
    new Request(new URL(buyPath, ORIGIN), {
      method: "POST",
      headers: { origin: ORIGIN, cookie: `session=${token}`, "cf-connecting-ip": "10.9.8.7" },
      body: new URLSearchParams({ quantity: "1", key: "k1" }),
    }),
  );
  expect(answer.status).toBe(403);
  expect(answer.body).toContain("needs JavaScript");
  expect(answer.body).toContain(`href="${path}"`);
  expect(answer.body, "resubmitting would fail again").not.toContain("Confirm order");
});
