// An operator's change shows everywhere within five seconds, without a purge.
import { afterEach, expect, test, vi } from "vitest";
import { call } from "../support/http.ts";
import { aSale, putSale } from "../support/shop.ts";
import { changeInAnotherIsolate } from "./catalog-copy.ts";

const BOUND_MS = 5_000;
/** Network time of a response. */
const NETWORK_MS = 250;

afterEach(() => {
  vi.useRealTimers();
});

test.each([
  ["the page", "/sales/{id}"],
  ["the list", "/"],
  ["the API", "/api/sales/{id}"],
  ["the API's list", "/api/sales"],
])(
  "a change made in another isolate shows in %s within 5 s, including HTTP caches",
  async (_, path) => {
    const now = Date.now();
    vi.setSystemTime(now);
    const sale = await putSale(aSale({ title: "Before" }));
    const target = path.replace("{id}", sale.id);
    const before = await call("GET", target);
    expect(JSON.stringify(before.body)).toContain("Before");
    await changeInAnotherIsolate({ ...sale, title: "After" });

    vi.setSystemTime(now + BOUND_MS - cacheLifetime(before.headers) - NETWORK_MS);

    expect(JSON.stringify((await call("GET", target)).body)).toContain("After");
  },
);

/** How long HTTP caches may use a response: Cloudflare's two tiers, then the browser. */
function cacheLifetime(headers: Headers): number {
  const seconds = (name: string, directive: string) =>
    Number(new RegExp(`${directive}=(\\d+)`).exec(headers.get(name) ?? "")?.[1] ?? 0);
  expect(headers.get("cache-control")).toBe("public, no-cache");
  const edge = "cloudflare-cdn-cache-control";
  // The `Age` header between the tiers is in whole seconds, so it may lose almost one.
  return 1_000 * (seconds(edge, "max-age") + seconds(edge, "stale-while-revalidate") + 1);
}

test("shows two consecutive changes of different sales", async () => {
  const [early, late] = [await putSale(aSale({ title: "Early" })), await putSale(aSale())];
  const now = Date.now();
  vi.setSystemTime(now);
  await changeInAnotherIsolate({ ...late, title: "Later" });
  vi.setSystemTime(now + 10_000);
  expect(JSON.stringify((await call("GET", "/")).body)).toContain("Later");
  await changeInAnotherIsolate({ ...early, title: "Corrected" });
  vi.setSystemTime(now + 20_000);
  for (const path of ["/", "/api/sales", `/sales/${early.id}`]) {
    expect(JSON.stringify((await call("GET", path)).body)).toContain("Corrected");
  }
});
