// Branding: a shop's theme, language and pictures, and the metadata for link previews.
import { expect, test } from "vitest";
import { saleSchema } from "../../src/catalog/schema.ts";
import { ORIGIN, request, send } from "../support/http.ts";
import { aBuyer, aSale, aSku, bought, putSale } from "../support/shop.ts";

const THEME = {
  accent: "#d9361b",
  logoUrl: "https://brand.test/logo.svg",
  logoAlt: "Harbor",
  seller: "Harbor Roasters",
  links: [
    { label: "Terms", url: "https://brand.test/terms" },
    { label: "Contact", url: "mailto:hello@brand.test" },
  ],
};
const more = { theme: THEME, language: "de", imageUrl: "https://brand.test/shoe.jpg" };

const get = async (path: string, token?: string) =>
  (
    await send<string>(
      request("GET", path, token ? { headers: { cookie: `session=${token}` } } : {}),
    )
  ).body;

async function dressed() {
  const sku = aSku({ price: 900 });
  const { id } = await putSale(aSale({ skus: [sku], title: "Frühling", ...more }));
  const { token, id: user } = await aBuyer();
  const order = await bought({ token, id: user }, sku.id);
  return { sale: `/sales/${id}`, order: `/orders/${order.id}`, sku, token };
}

test("shows the seller and the shop's accent color on sale, order and checkout pages", async () => {
  const { sale, order, sku, token } = await dressed();
  for (const path of [sale, order, `${sale}/skus/${sku.id}/buy`]) {
    const html = await get(path, token);
    expect(html, path).toMatch(/<bdi>Harbor Roasters<\/bdi>/);
    expect(html, path).toContain('href="https://brand.test/terms"');
    expect(html, path).toContain('href="mailto:hello@brand.test"');
    expect(html, path).toMatch(/\/assets\/style-\w+-d9361b\.css/);
    expect(html, path).toContain('alt="Harbor"');
  }
});

test("isolates the text direction of every shop-written string", async () => {
  const { sale, order, token } = await dressed();
  const tagsAround = (html: string, text: string) => {
    const before = html.slice(html.indexOf("<body")).split(text).slice(0, -1);
    return before.map((part) =>
      part.slice(Math.max(0, part.lastIndexOf("<", part.lastIndexOf("<") - 1))),
    );
  };
  const pages = { "/": "Frühling", [sale]: "Frühling", [order]: "Frühling", "/orders": "A thing" };
  for (const [path, text] of Object.entries(pages)) {
    const found = tagsAround(await get(path, token), `>${text}<`);
    expect(found.length, path).toBeGreaterThan(0);
    for (const tags of found) expect(tags, path).toMatch(/dir="(?:auto|ltr)"|<bdi/);
  }
});

test("sends link-preview metadata on sale pages and none on personal pages", async () => {
  const { sale, order, token } = await dressed();
  const html = await get(sale);
  expect(html).toContain('<meta property="og:title" content="Frühling"/>');
  expect(html).toContain('<meta property="og:image" content="https://brand.test/shoe.jpg"/>');
  expect(html, "the same bytes on every host").not.toContain(ORIGIN);
  expect(await get(order, token)).not.toContain("og:");
});

test.each([
  ["de", "de", "ltr"],
  ["ar", "en", "rtl"],
  ["pt", "en", "ltr"],
])("marks text of a shop in %s as that, in a page in %s", async (language, ofPage, direction) => {
  const { id } = await putSale(aSale({ title: "Frühling", language }));
  const html = await get(`/sales/${id}`);
  expect(html).toContain(`<html lang="${ofPage}" dir="${direction}"`);
  expect(html).toContain(`lang="${language}" dir="${direction}"><h1>Frühling`);
});

test.each([
  ["", { "accept-language": "ar-EG, en" }, "rtl"],
  ["", {}, "rtl"],
  ["", { "accept-language": "en, ar" }, "ltr"],
  ["", { "accept-language": "ar", cookie: "lang=fr" }, "ltr"],
  ["?lang=de", { "accept-language": "ar" }, "ltr"],
])(
  "runs pages about an Arabic sale as its visitor reads: “%s”, %j",
  async (query, headers, direction) => {
    const sku = aSku({ price: 900 });
    const { id } = await putSale(aSale({ skus: [sku], language: "ar" }));
    const path = `/sales/${id}/skus/${sku.id}/buy${query}`;
    const { body } = await send<string>(request("GET", path, { headers }));
    expect(body).toContain(` dir="${direction}">`);
    expect(body).not.toContain("data-own");
    // The sale's page is the same for everybody: its script leads away who reads another language.
    const shared = (await send<string>(request("GET", `/sales/${id}${query}`, { headers }))).body;
    expect(shared.includes(' dir="rtl" data-languages="en de fr es ja ar" data-own="ar">')).toBe(
      query === "",
    );
  },
);

test.each([
  ["ar", "ar-EG, en", "rtl"],
  ["ar", "en, ar", "ltr"],
  ["ar", "de", "ltr"],
  ["en", "ar-EG, en", "ltr"],
])(
  "runs a list whose newest order is of a sale in %s for who reads “%s” as its texts do",
  async (language, reads, direction) => {
    const sku = aSku({ price: 900 });
    await putSale(aSale({ skus: [sku], language }));
    const buyer = await aBuyer();
    const headers = { cookie: `session=${buyer.token}`, "accept-language": reads };
    const list = async () => (await send<string>(request("GET", "/orders", { headers }))).body;
    expect(await list()).toContain(' dir="ltr">');
    await bought(buyer, sku.id);
    expect(await list()).toContain(` dir="${direction}">`);
  },
);

test("shows a product's picture for a sale without one, in the list and in link previews", async () => {
  const imageUrl = "https://brand.test/runner.jpg";
  const sku = { ...aSku(), product: "runner", option: "42" };
  const products = [{ id: "runner", name: "Runner", imageUrl }];
  const { id } = await putSale(aSale({ skus: [sku], products }));
  expect(await get(`/sales/${id}`)).toContain(`<meta property="og:image" content="${imageUrl}"/>`);
  const card = (await get("/")).split("<li").find((each) => each.includes(`/sales/${id}"`));
  expect(card).toContain(`src="${imageUrl}"`);
});

test("layers the shop's picture over the default artwork on the sale page and in the list", async () => {
  const { sale } = await dressed();
  for (const path of [sale, "/"]) {
    const html = await get(path);
    expect(html, path).toMatch(/class="art"[\s\S]*src="https:\/\/brand\.test\/shoe\.jpg"/);
  }
});

test("lists a sale with its price range, except when currencies differ", async () => {
  const skus = [aSku({ price: 900 }), aSku({ price: 500 })];
  const mixed = skus.map((sku, i) => ({
    ...sku,
    id: `${sku.id}-mixed`,
    unitPrice: { amount: 500, currency: i ? "EUR" : "USD" },
  }));
  const free = [aSku({ price: 900 }), aSku()];
  const [one, two, three] = [
    await putSale(aSale({ skus })),
    await putSale(aSale({ skus: mixed })),
    await putSale(aSale({ skus: free })),
  ];
  const cards = (await get("/")).split("<li");
  const card = (id: string) => cards.find((each) => each.includes(`/sales/${id}"`)) ?? "";
  expect(card(one.id)).toMatch(
    /2 items(?:<span>)? · <data value="500" data-currency="USD">\$5\.00<\/data> – <data value="900"/,
  );
  expect(card(two.id)).toMatch(/2 items<\/p>/);
  expect(card(three.id)).toMatch(/2 items(?:<span>)? · <span>Free<\/span> – <data value="900"/);
});

test.each([
  ["a link without HTTPS", { theme: { links: [{ label: "Terms", url: "http://brand.test" }] } }],
  [
    "a link that runs a script",
    { theme: { links: [{ label: "Terms", url: "javascript:alert(1)" }] } },
  ],
  ["seven links", { theme: { links: Array(7).fill(THEME.links[0]) } }],
  ["an empty seller", { theme: { seller: " " } }],
  ["an invalid language tag", { language: "deutsch, bitte" }],
])("rejects a sale document with %s", (_, wrong) => {
  expect(saleSchema.safeParse(aSale()).success).toBe(true);
  expect(saleSchema.safeParse({ ...aSale(), ...wrong }).success).toBe(false);
});
