// Many simultaneous visitors on a new isolate.
import { beforeEach, expect, test } from "vitest";
import { dropSnapshot } from "../../src/catalog/snapshot.ts";
import { givenClock } from "../support/clock.ts";
import { call } from "../support/http.ts";
import { emptyRedis, redisCost } from "../support/redis.ts";
import { aSale, givenLiveStock, putSale, suppressLiveStock, tally } from "../support/shop.ts";

beforeEach(emptyRedis);
beforeEach(suppressLiveStock);

test.each(["/api/sales/{id}", "/sales/{id}", "/api/sales/{id}/live"])(
  "2,000 first visitors of %s cost the Redis commands of a single one",
  async (path) => {
    givenClock(Date.now());
    const { id, skus } = await putSale(aSale());
    for (const sku of skus) await givenLiveStock(sku.id, { available: sku.stock });
    dropSnapshot();

    const { result, commands } = await redisCost(() =>
      Promise.all(Array.from({ length: 2_000 }, () => call("GET", path.replace("{id}", id)))),
    );

    expect(tally(result)).toEqual({ 200: 2_000 });
    // The version of the catalog, and the catalog. Then the live stock, which the page of an open sale shows as well.
    expect(commands).toBe(path.startsWith("/api") && !path.endsWith("live") ? 2 : 3);
  },
);
