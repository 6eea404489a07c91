// The language and the theme of pages: by the address alone where all visitors get the same bytes, by the visitor elsewhere.
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
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
  ["the address, which it remembers", "?lang=es", GERMAN, "es"],
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

test("never lets words end the data block that carries them", async () => {
  const { html } = await get("/?lang=fr");
  const [, words = ""] =
    /<script type="application\/json" id="words">(.*?)<\/script>/s.exec(html) ?? [];
  expect(JSON.parse(words).common.free).toBe("Gratuit");
});
