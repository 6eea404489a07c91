// Purging Cloudflare's cache.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test, vi } from "vitest";
import { app } from "../../src/app.ts";
import { ADMIN_TOKEN, admin, call, contractFaults, request } from "../support/http.ts";
import { emptyRedis } from "../support/redis.ts";
import { aSale, putSale } from "../support/shop.ts";

beforeAll(emptyRedis);

/** Purges on a platform whose cache returns this answer. */
async function purge(answer: { success: boolean; errors: { code: number; message: string }[] }) {
  const purgeCache = vi.fn(async (_: { tags: string[] }) => answer);
  const ctx = Object.assign(createExecutionContext(), { cache: { purge: purgeCache } });
  const response = await app.fetch(
    request("POST", "/api/admin/cache/purge", { token: ADMIN_TOKEN }),
    env,
    ctx,
  );
  return { response, purgeCache };
}

test("purges the cache tag of every response that depends on the catalog", async () => {
  const { id } = await putSale(aSale());
  const { response, purgeCache } = await purge({ success: true, errors: [] });
  expect(await response.json()).toEqual({ purged: ["isolate", "cloudflare"] });
  const [tag] = purgeCache.mock.calls[0]?.[0].tags ?? [];
  for (const path of ["/", `/sales/${id}`, "/api/sales", `/api/sales/${id}`]) {
    expect((await call("GET", path)).headers.get("cache-tag")).toBe(tag);
  }
  expect(tag).toBeTruthy();
});

test("returns 503 if Cloudflare refuses the purge", async () => {
  const { response } = await purge({
    success: false,
    errors: [{ code: 971, message: "slow down" }],
  });
  const body = await response.json<Record<string, unknown>>();
  expect(response.status).toBe(503);
  const answer = { status: 503, code: "unavailable" as const, body, headers: response.headers };
  expect(contractFaults(answer)).toEqual([]);
});

test("reports that only the isolate was purged if the platform has no cache", async () => {
  expect((await admin("POST", "/cache/purge")).body).toEqual({ purged: ["isolate"] });
});
