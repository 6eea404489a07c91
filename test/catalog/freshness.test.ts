// How long an operator's change can stay unseen where nothing was purged: never longer than five seconds.
import { afterEach, expect, test, vi } from "vitest";
import { CATALOG_KEY } from "../../src/redis/keys.ts";
import { call } from "../support/http.ts";
import { redis } from "../support/redis.ts";
import { aSale, putSale } from "../support/shop.ts";

const BOUND_MS = 5_000;
/** For the answer's own way. */
const WAY_MS = 250;

afterEach(() => {
  vi.useRealTimers();
});

test.each([
  ["the page", "/sales/"],
  ["the API", "/api/sales/"],
])(
  "a change made elsewhere shows in %s within 5 s, caches on the way included",
  async (_, path) => {
    const now = Date.now();
    vi.useFakeTimers({ toFake: ["Date"], now });
    const sale = await putSale(aSale({ title: "Before" }));
    const before = await call(`GET`, path + sale.id);
    expect(JSON.stringify(before.body)).toContain("Before");
    // Another isolate writes: nothing here hears of it.
    const changed = { ...sale, title: "After" };
    await redis("HSET", CATALOG_KEY, sale.id, `${now + 60_000} ${JSON.stringify(changed)}`);

    const policy = before.headers.get("cache-control") ?? "";
    const seconds = [/max-age=(\d+)/, /stale-while-revalidate=(\d+)/].map((part) =>
      Number(part.exec(policy)?.[1]),
    );
    const atEdgeMs = seconds.reduce((sum, part) => sum + part, 0) * 1_000;
    expect(atEdgeMs).toBe(2_000);
    vi.setSystemTime(now + BOUND_MS - atEdgeMs - WAY_MS);
    expect(JSON.stringify((await call("GET", path + sale.id)).body)).toContain("After");
  },
);
