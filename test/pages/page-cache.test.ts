// The page cache: pages are rendered once per version, revalidated by ETag, and replaced at the millisecond a
// sale opens or closes.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { dropSnapshot } from "../../src/catalog/snapshot.ts";
import { servePage } from "../../src/pages/page-cache.ts";
import { LANGUAGES } from "../../src/values/languages.ts";
import { givenClock } from "../support/clock.ts";
import { request, send } from "../support/http.ts";
import { redisCost } from "../support/redis.ts";
import { aSale, putSale, suppressLiveStock } from "../support/shop.ts";

/** The directive for Cloudflare's cache, which strips it before the response reaches the browser. */
const CDN = "cloudflare-cdn-cache-control";

const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  send<string>(request(method, path, { headers }));

beforeEach(suppressLiveStock);
afterEach(() => {
  vi.useRealTimers();
});

test("sends a strong ETag and answers a matching If-None-Match with 304", async () => {
  const { id } = await putSale(aSale());
  const first = await get(`/sales/${id}`);
  const etag = first.headers.get("etag") ?? "";
  expect(first.status).toBe(200);
  expect(etag).toMatch(/^"[^"]+"$/);
  for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
    const again = await get(`/sales/${id}`, { "if-none-match": tag });
    expect([again.status, again.body]).toEqual([304, ""]);
    for (const name of ["etag", "cache-control", CDN, "cache-tag"]) {
      expect(again.headers.get(name)).toBe(first.headers.get(name));
    }
  }
  expect((await get(`/sales/${id}`, { "if-none-match": '"other"' })).status).toBe(200);
});

test("answers HEAD like GET, without the body", async () => {
  const { id } = await putSale(aSale());
  const [head, whole] = [await get(`/sales/${id}`, {}, "HEAD"), await get(`/sales/${id}`)];
  expect([head.status, head.body]).toEqual([200, ""]);
  expect(head.headers.get("etag")).toBe(whole.headers.get("etag"));
});

test("serves a cached page without a Redis command", async () => {
  givenClock(Date.now()); // frozen, so that no refresh becomes due while commands are counted
  const { id } = await putSale(aSale());
  await get(`/sales/${id}`);
  const { commands } = await redisCost(() => get(`/sales/${id}`));
  expect(commands).toBe(0);
});

test("renders a new page with a new ETag after the sale changes", async () => {
  const sale = await putSale(aSale({ title: "Before" }));
  const before = await get(`/sales/${sale.id}`);
  await putSale({ ...sale, title: "After" });
  dropSnapshot();
  const after = await get(`/sales/${sale.id}`);
  expect(after.body).toContain("<h1>After</h1>");
  expect(after.headers.get("etag")).not.toBe(before.headers.get("etag"));
});

test.each(["/", "/sales/"])(
  "updates %s in the millisecond a sale opens and closes",
  async (path) => {
    const now = Date.now();
    const [opensAt, closesAt] = [now + 60_000, now + 120_000];
    const sale = await putSale(
      aSale({
        opensAt: new Date(opensAt).toISOString(),
        closesAt: new Date(closesAt).toISOString(),
      }),
    );
    const target = path === "/" ? path : `${path}${sale.id}`;
    const stateAt = async (at: number) => {
      vi.setSystemTime(at);
      const { body, headers } = await get(target);
      const card = path === "/" ? body.slice(0, body.indexOf(`/sales/${sale.id}`)) : body;
      const states = [...card.matchAll(/data-badge="(\w+)"/g)].map(([, state]) => state);
      return [states.at(-1), headers.get(CDN)?.includes("no-cache") ? "revalidate" : "cache"];
    };
    expect(await stateAt(opensAt - 30_000)).toEqual(["upcoming", "cache"]);
    expect(await stateAt(opensAt - 1)).toEqual(["upcoming", "revalidate"]);
    expect(await stateAt(opensAt)).toEqual(["open", "cache"]);
    expect(await stateAt(closesAt - 1)).toEqual(["open", "revalidate"]);
    expect((await stateAt(closesAt))[0]).toBe("closed");
  },
);

test("evicts the oldest page when the cache reaches its byte budget", async () => {
  const big = "x".repeat(1024 * 1024);
  let rendered = 0;
  const serve = (key: number) =>
    servePage(fakeContext(), {
      key: `test-${key}`,
      version: "1",
      sales: [],
      render: () => {
        rendered += 1;
        return big;
      },
    });
  for (let key = 0; key < 20; key += 1) await serve(key);
  await serve(19);
  expect(rendered).toBe(20);
  await serve(0);
  expect(rendered).toBe(21);
});

test("serves assets as immutable under their content hash", async () => {
  const { body } = await get("/");
  const urls = [...body.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, url]) => url as string);
  expect(urls).toHaveLength(4);
  for (const url of urls) {
    const asset = await get(url);
    expect(asset.status).toBe(200);
    expect(asset.headers.get("cache-control")).toContain("immutable");
    const again = await get(url, { "if-none-match": asset.headers.get("etag") ?? "" });
    expect(again.status).toBe(304);
    // A page from the previous release requests an old hash: it gets the current file, not cacheable.
    const outdated = await get(url.replace(/-[0-9a-f]{10}/, "-0123456789"));
    expect([outdated.status, outdated.headers.get("cache-control")]).toEqual([
      200,
      "public, no-cache",
    ]);
  }
  expect((await get("/assets/none-0123456789.js")).status).toBe(404);
});

test("keeps the first load within its compressed size budget", async () => {
  const description = "A **very** long story about a small thing.\n\n".repeat(100);
  const { id } = await putSale(aSale({ description }));
  const page = await get(`/sales/${id}`);
  const style = /"(\/assets\/style[^"]+)"/.exec(page.body)?.[1] ?? "";
  const scripts = [...page.body.matchAll(/<script type="module" src="([^"]+)"/g)];
  for (const language of LANGUAGES)
    expect(await gzipped((await get(`/sales/${id}?lang=${language}`)).body)).toBeLessThan(
      14 * 1024,
    );
  const bodies = await Promise.all(scripts.map(async ([, url = ""]) => (await get(url)).body));
  expect(bodies.length).toBe(1);
  expect(await gzipped(bodies.join(""))).toBeLessThan(14 * 1024);
  expect(await gzipped((await get(style)).body)).toBeLessThan(9 * 1024);
});

async function gzipped(text: string): Promise<number> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

function fakeContext(): Parameters<typeof servePage>[0] {
  const body = (bytes: Uint8Array<ArrayBuffer>, status: number) => new Response(bytes, { status });
  return { req: { header: () => undefined }, body } as unknown as Parameters<typeof servePage>[0];
}
