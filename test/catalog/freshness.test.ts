// How long an operator's change can stay unseen where nothing was purged: never longer than five seconds.
import { afterEach, expect, test, vi } from "vitest";
import { call } from "../support/http.ts";
import { aSale, putSale } from "../support/shop.ts";
import { changeElsewhere } from "./elsewhere.ts";

const BOUND_MS = 5_000;
/** For the answer's own way. */
const WAY_MS = 250;

afterEach(() => {
  vi.useRealTimers();
});

test.each([
  ["the page", "/sales/{id}"],
  ["the list", "/"],
  ["the API", "/api/sales/{id}"],
  ["the API's list", "/api/sales"],
])(
  "a change made elsewhere shows in %s within 5 s, caches on the way included",
  async (_, path) => {
    const now = Date.now();
    vi.setSystemTime(now);
    const sale = await putSale(aSale({ title: "Before" }));
    const target = path.replace("{id}", sale.id);
    const before = await call("GET", target);
    expect(JSON.stringify(before.body)).toContain("Before");
    await changeElsewhere({ ...sale, title: "After" });

    vi.setSystemTime(now + BOUND_MS - longestUse(before.headers) - WAY_MS);

    expect(JSON.stringify((await call("GET", target)).body)).toContain("After");
  },
);

/** How long caches on the way may go on using an answer: Cloudflare's two tiers, then the browser. */
function longestUse(headers: Headers): number {
  const seconds = (name: string, directive: string) =>
    Number(new RegExp(`${directive}=(\\d+)`).exec(headers.get(name) ?? "")?.[1] ?? 0);
  expect(headers.get("cache-control")).toBe("public, no-cache");
  const edge = "cloudflare-cdn-cache-control";
  // One tier tells the other an answer's age in whole seconds, and may lose almost one.
  return 1_000 * (seconds(edge, "max-age") + seconds(edge, "stale-while-revalidate") + 1);
}

test("changes of two sales, made one after the other, both show", async () => {
  const [early, late] = [await putSale(aSale({ title: "Early" })), await putSale(aSale())];
  const now = Date.now();
  vi.setSystemTime(now);
  await changeElsewhere({ ...late, title: "Later" });
  vi.setSystemTime(now + 10_000);
  expect(JSON.stringify((await call("GET", "/")).body)).toContain("Later");
  await changeElsewhere({ ...early, title: "Corrected" });
  vi.setSystemTime(now + 20_000);
  for (const path of ["/", "/api/sales", `/sales/${early.id}`]) {
    expect(JSON.stringify((await call("GET", path)).body)).toContain("Corrected");
  }
});
