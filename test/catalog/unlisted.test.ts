// A sale that is not listed: no list names it, and it sells to those who have its address.
import { beforeEach, expect, test } from "vitest";
import type { Sale, SaleView } from "../../src/catalog/schema.ts";
import { admin, call } from "../support/http.ts";
import { emptyRedis, redisIsBack } from "../support/redis.ts";
import { aBuyer, aSale, order, putSale } from "../support/shop.ts";

beforeEach(redisIsBack);
beforeEach(emptyRedis);

const isListed = async ({ id }: Sale) => {
  const { body } = await call<{ sales: Sale[] }>("GET", "/api/sales");
  return body.sales.some((sale) => sale.id === id);
};
const onHome = async ({ id }: Sale) =>
  (await call<string>("GET", "/")).body.includes(`data-listed="${id}"`);

test("leaves and enters the lists with its next change, and their entity tag changes with it", async () => {
  const sale = await putSale(aSale());
  expect([await isListed(sale), await onHome(sale)]).toEqual([true, true]);
  const before = (await call("GET", "/")).headers.get("etag");
  await putSale({ ...sale, listed: false });
  expect([await isListed(sale), await onHome(sale)]).toEqual([false, false]);
  const home = await call("GET", "/", { headers: { "if-none-match": before ?? "" } });
  expect(home.status).toBe(200);
  await putSale({ ...sale, listed: true });
  expect([await isListed(sale), await onHome(sale)]).toEqual([true, true]);
});

test("sells by its address, and asks search engines to leave its page out", async () => {
  const sale = aSale({ listed: false });
  await putSale(sale);
  const page = await call<string>("GET", `/sales/${sale.id}`);
  expect([page.status, page.body.includes('<meta name="robots" content="noindex"')]).toEqual([
    200,
    true,
  ]);
  expect((await call("GET", `/api/sales/${sale.id}`)).body).toMatchObject({ listed: false });
  expect((await order(await aBuyer(), sale.skus[0]?.id as string)).status).toBe(202);
  const { id } = await putSale(aSale());
  expect((await call<string>("GET", `/sales/${id}`)).body).not.toContain("noindex");
});

test("is in the operator's list, and its document can be sent back as it is", async () => {
  const { id } = await putSale(aSale({ listed: false }));
  const { body } = await admin<SaleView>("GET", `/sales/${id}`);
  expect(body.listed).toBe(false);
  expect((await admin("PUT", `/sales/${id}`, { body })).body).toEqual(body);
});

test("ends a page of the list at a listed sale, so that no cursor names one that is not", async () => {
  // Each opens after the one before, and all after the sales of other tests.
  const at = (n: number) => new Date(Date.now() + (1_000 + n) * 86_400_000).toISOString();
  const sales = Array.from({ length: 52 }, (_, n) =>
    aSale({ opensAt: at(n), closesAt: at(n + 1), ...(n % 2 ? { listed: false } : {}) }),
  );
  for (const sale of sales) await putSale(sale);
  const seen: string[] = [];
  let cursor: string | undefined = "";
  while (cursor !== undefined) {
    const path: string = cursor === "" ? "/api/sales" : `/api/sales?cursor=${cursor}`;
    type Page = { sales: Sale[]; nextCursor?: string };
    const { body }: { body: Page } = await call<Page>("GET", path);
    seen.push(...body.sales.map(({ id }) => id));
    cursor = body.nextCursor;
    if (cursor !== undefined) expect(seen.at(-1)).toBe(cursor);
  }
  const ids = sales.map(({ id }) => id);
  expect(seen.filter((id) => ids.includes(id))).toEqual(ids.filter((_, n) => n % 2 === 0));
  for (const { id } of sales) await admin("DELETE", `/sales/${id}`);
});

test.each(["false", null, 0, "", [], {}])("is not what %j says", async (listed) => {
  const sale = { ...aSale(), listed };
  const answer = await admin("PUT", `/sales/${sale.id}`, { body: sale });
  expect(answer).toMatchObject({ status: 400, body: { issues: [{ path: "listed" }] } });
});
