// Archived sales: they cost current sales nothing and can still be found.
import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { SaleRegistry } from "../../src/catalog/registry.ts";
import type { Sale } from "../../src/catalog/schema.ts";
import { dropSnapshot } from "../../src/catalog/snapshot.ts";
import { registryOf } from "../../src/catalog/store.ts";
import { givenClock } from "../support/clock.ts";
import { admin, call, contractFaults, request } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, KEYS, redis, redisCost } from "../support/redis.ts";
import {
  aBuyer,
  aSale,
  aSku,
  order,
  putSale,
  suppressLiveStock,
  tally,
  unique,
} from "../support/shop.ts";
import { changeInAnotherIsolate } from "./catalog-copy.ts";

const HOUR_MS = 3_600_000;
const CLOSED = 400;
const SKUS = 20;

let open: Sale;
/** Latest end first. */
let closed: Sale[];

beforeAll(pauseQueue);
beforeAll(async () => {
  await emptyRedis();
  open = await putSale(aSale({ title: "Open", skus: [aSku({ stock: 1_000, perUserLimit: 100 })] }));
  const now = Date.now();
  closed = Array.from({ length: CLOSED }, (_, age) =>
    aSale({
      title: `Closed ${age}`,
      opensAt: new Date(now - (age + 2) * HOUR_MS).toISOString(),
      closesAt: new Date(now - (age + 1) * HOUR_MS).toISOString(),
      skus: Array.from({ length: SKUS }, () => aSku()),
    }),
  );
  for (const sale of closed) await registryOf(env).put(sale);
  await putSale(open);
});

/** Shorter than any catalog, and longer than anything else that edges read. */
const LONG = 4_096;

/** Counts the long texts that Redis sent, and those that were parsed, during `work`. */
async function countLongTexts(
  work: () => Promise<unknown>,
): Promise<{ sent: number; parsed: number }> {
  const total = { sent: 0, parsed: 0 };
  const [send, parse] = [globalThis.fetch, JSON.parse];
  const fetching = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const answer = await send(input, init);
    if ((await answer.clone().text()).length > LONG) total.sent += 1;
    return answer;
  });
  const parsing = vi.spyOn(JSON, "parse").mockImplementation((text, reviver) => {
    if (String(text).length > LONG) total.parsed += 1;
    return parse(text, reviver);
  });
  await work();
  fetching.mockRestore();
  parsing.mockRestore();
  return total;
}

test("neither transfers nor parses the catalog while it is unchanged", async () => {
  suppressLiveStock();
  const now = Date.now();
  const clock = givenClock(now);
  const visit = async () => {
    for (const path of ["/", `/sales/${open.id}`, "/api/sales", `/api/sales/${open.id}`]) {
      // Does not parse the responses, which would count.
      await (await exports.default.fetch(request("GET", path))).text();
    }
  };
  await visit();
  const unchanged = await countLongTexts(async () => {
    for (let second = 1; second <= 20; second += 1) {
      clock.moveTo(now + second * 2_000);
      await visit();
    }
  });
  expect(unchanged).toEqual({ sent: 0, parsed: 0 });
  await changeInAnotherIsolate({ ...open, title: "Changed" });
  const changed = await countLongTexts(async () => {
    clock.moveTo(now + 60_000);
    await visit();
  });
  // The response of Redis, and the document in it.
  expect(changed).toEqual({ sent: 1, parsed: 2 });
  await putSale(open);
});

test("bounds the size of the catalog, however many sales a shop had", async () => {
  const size = await redis<number>("HSTRLEN", KEYS.catalog, "document");
  expect(size).toBeLessThan(30 * 4_096 + 60_000);
  const [home, api] = [await call<string>("GET", "/"), await call<object>("GET", "/api/sales")];
  expect(home.body.length).toBeLessThan(100_000);
  expect(JSON.stringify(api.body).length).toBeLessThan(150_000);
});

describe("the list of sales", () => {
  type Page = { sales: Sale[]; nextCursor?: string };
  const page = (cursor?: string) =>
    call<Page>("GET", `/api/sales${cursor === undefined ? "" : `?cursor=${cursor}`}`);

  test("contains every sale once, open ones first, then the latest", async () => {
    const seen: string[] = [];
    for (let cursor: string | undefined, pages = 0; pages < 20; pages += 1) {
      const { status, body } = await page(cursor);
      expect([status, body.sales.length > 0, body.sales.length <= 50]).toEqual([200, true, true]);
      seen.push(...body.sales.map(({ id }) => id));
      cursor = body.nextCursor;
      if (cursor === undefined) break;
    }
    expect(seen).toEqual([open.id, ...closed.map(({ id }) => id)]);
  });

  test("can be paged without JavaScript", async () => {
    let path: string | undefined = "/";
    const titles = new Set<string>();
    for (let pages = 0; path !== undefined && pages < 20; pages += 1) {
      const { status, body, headers }: Awaited<ReturnType<typeof call<string>>> =
        await call<string>("GET", path);
      expect([status, headers.get("cache-control")]).toEqual([200, "public, no-cache"]);
      expect(body.length).toBeLessThan(150_000);
      for (const [, title] of body.matchAll(/>(Closed \d+|Open)<\/a>/g))
        titles.add(title as string);
      path = /<a href="(\/\?cursor=[^"]+)" rel="next"/.exec(body)?.[1];
    }
    expect(titles.size).toBe(CLOSED + 1);
  });

  test.each(["", "%", "nothing-that-ever-was", "Ä", "a b", "../x", "x".repeat(65)])(
    "refuses the cursor %j without a call of the registry",
    async (cursor) => {
      await page();
      const older = vi.spyOn(SaleRegistry.prototype, "older");
      onTestFinished(() => older.mockRestore());
      const answer = await page(encodeURIComponent(cursor));
      expect(answer).toMatchObject({ status: 400, body: { issues: [{ path: "cursor" }] } });
      expect(contractFaults(answer as never)).toEqual([]);
      expect((await call("GET", `/?cursor=${encodeURIComponent(cursor)}`)).status).toBe(400);
      expect(older).not.toHaveBeenCalled();
    },
  );

  test("continues after a sale that was deleted in between", async () => {
    const gone = closed[100] as Sale;
    await admin("DELETE", `/sales/${gone.id}`);
    const { body } = await page(gone.id);
    expect(body.sales[0]?.id).toBe(closed[101]?.id);
    await putSale(gone);
  });

  test("leaves out a sale that is not listed, and goes on after it", async () => {
    const [hidden, next] = closed.slice(110, 112) as [Sale, Sale];
    await putSale({ ...hidden, listed: false });
    const { body } = await page(closed[109]?.id);
    expect(body.sales[0]?.id).toBe(next.id);
    expect((await page(hidden.id)).body.sales[0]?.id).toBe(next.id);
    expect((await call("GET", `/sales/${hidden.id}`)).status).toBe(200);
    await putSale(hidden);
  });

  test("contains every sale in the admin API, page by page", async () => {
    const seen: string[] = [];
    let cursor: string | undefined = "";
    for (let path = "/sales"; cursor !== undefined; path = `/sales?cursor=${cursor}`) {
      const { body }: { body: Page } = await admin<Page>("GET", path);
      expect(body.sales.length).toBeLessThanOrEqual(50);
      seen.push(...body.sales.map(({ id }) => id));
      cursor = body.nextCursor;
    }
    expect(seen.toSorted()).toEqual([open, ...closed].map(({ id }) => id).toSorted());
    expect((await admin("GET", "/sales?cursor=%20")).status).toBe(400);
  });
});

describe("an archived sale", () => {
  const old = () => closed[300] as Sale;

  test("is served by the API and has a page", async () => {
    expect((await call("GET", `/api/sales/${old().id}`)).body).toMatchObject({ id: old().id });
    expect((await call<string>("GET", `/sales/${old().id}`)).body).toContain("Closed 300");
    expect((await call("GET", `/api/sales/${old().id}/live`)).status).toBe(200);
  });

  test("sells nothing", async () => {
    const answer = await order(await aBuyer(), old().skus[0]?.id as string);
    expect([404, 410]).toContain(answer.status);
  });

  test("costs one call of the registry until an archived sale changes", async () => {
    givenClock(Date.now());
    dropSnapshot();
    const find = vi.spyOn(SaleRegistry.prototype, "find");
    onTestFinished(() => find.mockRestore());
    const path = `/api/sales/${closed[310]?.id}`;
    const crowd = await Promise.all(Array.from({ length: 200 }, () => call("GET", path)));
    expect(tally(crowd)).toEqual({ 200: 200 });
    expect(find).toHaveBeenCalledTimes(1);
    await putSale({ ...open, title: "Changed" });
    expect((await call("GET", path)).status).toBe(200);
    expect(find).toHaveBeenCalledTimes(1);
  });

  test("shows a change or its deletion at once in this isolate", async () => {
    const sale = closed[320] as Sale;
    const path = `/api/sales/${sale.id}`;
    await call("GET", path);
    await putSale({ ...sale, title: "Corrected" });
    expect((await call("GET", path)).body).toMatchObject({ title: "Corrected" });
    await admin("DELETE", `/sales/${sale.id}`);
    expect((await call("GET", path)).status).toBe(404);
    await putSale(sale);
  });

  test("can be reopened", async () => {
    const sale = closed[330] as Sale;
    const closesAt = new Date(Date.now() + HOUR_MS).toISOString();
    await putSale({ ...sale, closesAt });
    expect((await order(await aBuyer(), sale.skus[0]?.id as string)).status).toBe(202);
    await putSale(sale);
  });
});

test("refuses ids that never existed without any I/O", async () => {
  suppressLiveStock();
  givenClock(Date.now());
  await call("GET", "/api/sales");
  const find = vi.spyOn(SaleRegistry.prototype, "find");
  onTestFinished(() => find.mockRestore());
  const names = Array.from({ length: 100 }, () => unique("never"));
  const { result, commands } = await redisCost(async () => [
    ...(await Promise.all(names.map((name) => call("GET", `/api/sales/${name}`)))),
    ...(await Promise.all(names.map((name) => call("GET", `/sales/${name}`)))),
  ]);
  expect(new Set(result.map(({ status }) => status))).toEqual(new Set([404]));
  expect(commands).toBe(0);
  // The filter has one false positive in forty thousand.
  expect(find.mock.calls.length).toBeLessThan(2);
});
