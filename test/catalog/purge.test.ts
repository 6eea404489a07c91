// Purging: what it asks of Cloudflare's cache, and that it never says done when it is not.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test, vi } from "vitest";
import { app } from "../../src/app.ts";
import { ADMIN_TOKEN, admin, call, contractFaults, request } from "../support/http.ts";
import { emptyRedis } from "../support/redis.ts";
import { aSale, putSale } from "../support/shop.ts";

beforeAll(emptyRedis);

/** The operator purges where the platform has a cache that answers so. */
async function purge(answer: { success: boolean; errors: { code: number; message: string }[] }) {
  const asked = vi.fn(async (_: { tags: string[] }) => answer);
  const ctx = Object.assign(createExecutionContext(), { cache: { purge: asked } });
  const response = await app.fetch(
    request("POST", "/api/admin/cache/purge", { token: ADMIN_TOKEN }),
    env,
    ctx,
  );
  return { response, asked };
}

test("everything that is made of the catalog carries the tag that is purged", async () => {
  const { id } = await putSale(aSale());
  const { response, asked } = await purge({ success: true, errors: [] });
  expect(await response.json()).toEqual({ purged: ["isolate", "cloudflare"] });
  const [tag] = asked.mock.calls[0]?.[0].tags ?? [];
  for (const path of ["/", `/sales/${id}`, "/api/sales", `/api/sales/${id}`]) {
    expect((await call("GET", path)).headers.get("cache-tag")).toBe(tag);
  }
  expect(tag).toBeTruthy();
});

test("a purge that Cloudflare refuses is not called done", async () => {
  const { response } = await purge({
    success: false,
    errors: [{ code: 971, message: "slow down" }],
  });
  const body = await response.json<Record<string, unknown>>();
  expect(response.status).toBe(503);
  const answer = { status: 503, code: "unavailable" as const, body, headers: response.headers };
  expect(contractFaults(answer)).toEqual([]);
});

test("where there is no such cache, it says what it did", async () => {
  expect((await admin("POST", "/cache/purge")).body).toEqual({ purged: ["isolate"] });
});
