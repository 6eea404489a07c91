// The language and the theme of pages: by the address alone where all visitors get the same bytes, by the visitor elsewhere.
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { LANGUAGES } from "../../src/values/languages.ts";
import { freshAddress, ORIGIN } from "../support/http.ts";
import { aSale, putSale } from "../support/shop.ts";

async function get(path: string, headers: Record<string, string> = {}) {
  const request = new Request(ORIGIN + path, {
    headers: { "cf-connecting-ip": freshAddress(), accept: "text/html", ...headers },
  });
  const response = await exports.default.fetch(request);
  const html = await response.text();
  const language = /<html lang="(\w+)"/.exec(html)?.[1];
  return { language, html, headers: response.headers };
}

/** What browsers send when a page of this site leads to another one. */
const FROM_HERE = { referer: `${ORIGIN}/sales/any` };

const GERMAN = { "accept-language": "de-AT, en;q=0.5", cookie: "lang=fr" };

test("serves a shared page in the language of its address, whoever asks", async () => {
  const { id } = await putSale(aSale({ language: "ja" }));
  const plain = await get(`/sales/${id}`);
  expect(plain.language).toBe("ja");
  expect((await get(`/sales/${id}`, GERMAN)).html).toBe(plain.html);
  expect((await get("/", GERMAN)).language).toBe("en");
  const chosen = await get(`/sales/${id}?lang=de`);
  expect([chosen.language, (await get(`/sales/${id}?lang=xx`)).html === plain.html]).toEqual([
    "de",
    true,
  ]);
  expect(chosen.headers.get("cache-control")).toBe(plain.headers.get("cache-control"));
  expect(chosen.headers.get("set-cookie")).toBeNull();
});

test("keeps the choice of a language in the links of a shared page", async () => {
  const { id } = await putSale(aSale());
  const { html } = await get(`/sales/${id}?lang=es`);
  for (const link of ['href="/?lang=es"', 'href="/orders?lang=es"', 'name="lang" value="es"'])
    expect(html).toContain(link);
  expect((await get(`/sales/${id}`)).html).toContain('href="/orders"');
});

test.each([
  ["the address, which it remembers", "?lang=es", { ...GERMAN, ...FROM_HERE }, "es"],
  ["the choice that the browser remembers", "", GERMAN, "fr"],
  ["the browser's languages", "", { "accept-language": "pt-BR, de-AT;q=0.8, en;q=0.5" }, "de"],
  ["the deployment without a choice", "?lang=xx", { "accept-language": "pt, *" }, "en"],
])("serves a personal page in the language of %s", async (_, query, headers, language) => {
  for (const path of ["/orders", "/sales/none"]) {
    const page = await get(path + query, headers);
    expect(page.language).toBe(language);
    expect(page.headers.get("cache-control")).toBe("private, no-store");
    expect(page.headers.get("set-cookie")?.includes("lang=es") ?? false).toBe(language === "es");
  }
});

test.each([
  ["without a page that led here", "?lang=es", {}],
  ["from another site", "?lang=es", { referer: `https://evil.test/?${ORIGIN}/` }],
  ["without an address of its own", "?lang=es", { referer: "about:client" }],
  ["to a language that no page is written in", "?lang=zz", FROM_HERE],
  ["to what the visitor has anyway", "?lang=fr", FROM_HERE],
])("never lets a link %s change the choice of its visitor", async (_, query, headers) => {
  const page = await get(`/orders${query}`, { ...GERMAN, ...headers });
  expect(page.language).toBe(query === "?lang=es" ? "es" : "fr");
  expect(page.headers.get("set-cookie")).toBeNull();
});

test.each(["//evil.test/x", "///evil.test", "/\\evil.test", "/.//evil.test/x"])(
  "never leads from the page of the unknown path %s to another site",
  async (path) => {
    const { html } = await get(`${path}?q=1`);
    const links = [...html.matchAll(/href="([^"]+)"/g)].map(([, href = ""]) => href);
    expect(links.filter((href) => href.includes("evil.test")).length).toBe(LANGUAGES.length);
    for (const href of links) expect(new URL(href, ORIGIN).origin, href).toBe(ORIGIN);
  },
);

test.each([
  ["ja", "en", "?lang=en"],
  ["de", "de", ""],
])("leads a buyer who chose nothing back to a sale in %s, in %s", async (own, shown, query) => {
  const { id } = await putSale(aSale({ language: own }));
  const request = new Request(`${ORIGIN}/sales/${id}/buy`, {
    headers: { "cf-connecting-ip": freshAddress(), "accept-language": shown },
    redirect: "manual",
  });
  const { headers } = await exports.default.fetch(request);
  expect(headers.get("location")).toBe(`/sales/${id}${query}`);
});

test("never lets words end the data block that carries them", async () => {
  const { html } = await get("/?lang=fr");
  const [, words = ""] =
    /<script type="application\/json" id="words">(.*?)<\/script>/s.exec(html) ?? [];
  expect(JSON.parse(words).common.free).toBe("Gratuit");
});
