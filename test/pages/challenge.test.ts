// What pages prepare for a challenge, and what they do not: only the page of a sale that can ask for one may
// load the provider's code, and a form is told honestly what it cannot do.
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
  "%s: this page alone may load the provider",
  async (mode) => {
    const { path, buyPath } = await saleWith(mode);
    const page = await get(path);
    expect(page.headers.get("content-security-policy")).toBe(
      `${STRICT}; script-src 'self' ${PROVIDER}; frame-src ${PROVIDER}`,
    );
    expect(page.body).toContain('data-visits=""');
    expect(page.body).toMatch(/<template id="challenge" data-src="\/assets\/challenge-\w+\.js">/);
    expect(page.body, "nothing is loaded before it is asked for").not.toContain(PROVIDER);
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

test("off: the page is as strict as all others, and spends nothing", async () => {
  const { path } = await saleWith("off");
  const page = await get(path);
  expect(page.headers.get("content-security-policy")).toBe(STRICT);
  expect(page.body).not.toMatch(/data-visits|id="challenge"/);
});

test("a form shows that its page was looked at: by score, a person without JavaScript buys", async () => {
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

  const bare = await post({ quantity: "1", key: "k1" });
  const shown = await post({ quantity: "1", key: field("key"), visit: field("visit") });

  expect([bare.status, shown.status]).toEqual([403, 303]);
});

test("a form learns that the check needs JavaScript, and is offered the way back", async () => {
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
  expect(answer.body, "the same would be refused again").not.toContain("Confirm order");
});
