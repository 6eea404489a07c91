// Conditional requests: two operators who edit one sale cannot overwrite each other's changes.
import fc from "fast-check";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { holds, parseCondition } from "../../src/catalog/precondition.ts";
import type { SaleView } from "../../src/catalog/schema.ts";
import { admin, contractFaults, ORIGIN } from "../support/http.ts";
import { emptyRedis } from "../support/redis.ts";
import { aSale, aSku, ledger, putSale, tally, unique } from "../support/shop.ts";

beforeAll(emptyRedis);

const read = (id: string) => admin<SaleView>("GET", `/sales/${id}`);
const write = (
  sale: Omit<SaleView, "skus" | "url"> & { skus: object[] },
  headers: Record<string, string> = {},
) => admin<SaleView>("PUT", `/sales/${sale.id}`, { body: sale, headers });
const remove = (id: string, headers: Record<string, string>) =>
  admin("DELETE", `/sales/${id}`, { headers });
const tagOf = (answer: { headers: Headers }) => answer.headers.get("etag") ?? "";

test("accepts the result of GET in a PUT, and returns the URL of the sale page", async () => {
  const sale = await putSale(aSale({ skus: [aSku({ stock: 7 }), aSku()] }));
  const answer = await read(sale.id);
  expect(tagOf(answer)).toMatch(/^"[^"]+"$/);
  expect(answer.body.url).toBe(`${ORIGIN}/sales/${sale.id}`);
  expect(answer.body.skus.map(({ stocked }) => stocked)).toEqual([7, 10]);

  const back = await write(answer.body, { "if-match": tagOf(answer) });
  expect([back.status, tagOf(back)]).toEqual([200, tagOf(await read(sale.id))]);
  expect(back.body).toEqual(answer.body);
  expect((await write(back.body)).status).toBe(200);
});

test("answers an operator whose sale another one deletes before the answer", async () => {
  const sale = await putSale(aSale());
  const real = globalThis.fetch;
  let removed: ReturnType<typeof remove> | undefined;
  const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async (to, init) => {
    // The change is stored, and is being published.
    if (!removed && String(init?.body).includes("Saved again")) {
      removed = remove(sale.id, {});
      await removed;
    }
    return real(to, init);
  });
  onTestFinished(() => spy.mockRestore());

  const saved = await write({ ...sale, title: "Saved again" });

  expect([saved.status, saved.body.title]).toEqual([200, "Saved again"]);
  expect((await removed)?.status).toBe(204);
  expect((await read(sale.id)).status).toBe(404);
});

describe("a conditional GET", () => {
  const readIf = (id: string, headers: Record<string, string>) =>
    admin("GET", `/sales/${id}`, { headers });

  test("returns 304 while the sale is unchanged, and the sale after a change", async () => {
    const sale = await putSale(aSale());
    const tag = tagOf(await read(sale.id));
    for (const held of [tag, `W/${tag}`, `"other", ${tag}`, "*"]) {
      const answer = await readIf(sale.id, { "if-none-match": held });
      expect([answer.status, tagOf(answer), answer.body]).toEqual([304, tag, ""]);
    }
    expect((await readIf(sale.id, { "if-none-match": '"other"' })).status).toBe(200);
    await write({ ...(await read(sale.id)).body, title: "New" });
    expect((await readIf(sale.id, { "if-none-match": tag })).status).toBe(200);
  });

  test("is refused if the tag does not match or the sale does not exist", async () => {
    const sale = await putSale(aSale());
    const tag = tagOf(await read(sale.id));
    expect((await readIf(sale.id, { "if-match": tag })).status).toBe(200);
    expect((await readIf(sale.id, { "if-match": `W/${tag}` })).code).toBe("precondition_failed");
    expect((await readIf(sale.id, { "if-none-match": "x" })).code).toBe("invalid_request");
    expect((await readIf(unique("sale"), { "if-none-match": "*" })).status).toBe(404);
  });
});

test.each([{ links: [] }, { version: 1 }, { etag: "x" }, { stocked: 3 }])(
  "refuses unknown fields in the document: %j",
  async (extra) => {
    const { body } = await read((await putSale(aSale())).id);
    expect((await write({ ...body, ...extra })).status).toBe(400);
    const skus = body.skus.map((sku) => ({ ...sku, url: "https://x.test" }));
    expect((await write({ ...body, skus })).status).toBe(400);
  },
);

test("refuses a write that is based on an outdated read, and changes nothing", async () => {
  const sku = aSku({ stock: 10 });
  const sale = await putSale(aSale({ skus: [sku] }));
  const first = await read(sale.id);
  expect((await write({ ...sale, skus: [{ ...sku, stock: 30 }] })).status).toBe(200);

  const late = await write({ ...first.body, title: "New" }, { "if-match": tagOf(first) });
  expect(late).toMatchObject({ status: 412, code: "precondition_failed" });
  expect(contractFaults(late)).toEqual([]);
  expect(await ledger(sku.id)).toMatchObject({ stocked: 30 });
  expect((await read(sale.id)).body.title).toBe("A sale");
});

test("accepts one of many simultaneous writes with the same If-Match", async () => {
  const sale = await putSale(aSale());
  const tag = tagOf(await read(sale.id));
  const answers = await Promise.all(
    [1, 2, 3, 4, 5].map((n) => write({ ...sale, title: `Title ${n}` }, { "if-match": tag })),
  );
  expect(tally(answers)).toEqual({ 200: 1, precondition_failed: 4 });
});

test("a restock changes the ETag", async () => {
  const sku = aSku();
  const sale = await putSale(aSale({ skus: [sku] }));
  const tag = tagOf(await read(sale.id));
  await admin("POST", `/skus/${sku.id}/restock`, {
    body: { quantity: 5 },
    headers: { "idempotency-key": unique("key") },
  });
  expect((await write(sale, { "if-match": tag })).status).toBe(412);
  expect(await ledger(sku.id)).toMatchObject({ stocked: 15 });
});

describe("If-Match", () => {
  test.each([
    ["*", 200],
    ["{tag}", 200],
    ['"other", {tag}', 200],
    [', {tag} ,\t"other",', 200],
    ["W/{tag}", 412],
    ['"other"', 412],
    ['"o,t" , "h\\er"', 412],
    ["other", 400],
    ["{tag} {tag}", 400],
    ['"open', 400],
    ["*, {tag}", 400],
    ["w/{tag}", 400],
  ])("%s on an existing sale returns %i", async (header, status) => {
    const sale = await putSale(aSale());
    const text = header.replaceAll("{tag}", tagOf(await read(sale.id)));
    expect((await write(sale, { "if-match": text })).status).toBe(status);
    if (status !== 200) expect((await remove(sale.id, { "if-match": text })).status).toBe(status);
  });

  test("never holds for a sale that does not exist", async () => {
    const sale = aSale();
    expect((await write(sale, { "if-match": "*" })).status).toBe(412);
    expect((await remove(sale.id, { "if-match": "*" })).status).toBe(412);
    expect((await read(sale.id)).status).toBe(404);
  });

  test("also protects a DELETE", async () => {
    const sale = await putSale(aSale());
    const old = tagOf(await read(sale.id));
    const now = tagOf(await write({ ...sale, title: "New" }));
    expect((await remove(sale.id, { "if-match": old })).status).toBe(412);
    expect((await remove(sale.id, { "if-match": now })).status).toBe(204);
    expect((await write(sale, { "if-match": now })).status).toBe(412);
  });
});

describe("If-None-Match", () => {
  test("* creates a sale and never replaces one", async () => {
    const sale = aSale();
    const only = { "if-none-match": "*" };
    const answers = await Promise.all([1, 2, 3].map(() => write(sale, only)));
    expect(tally(answers)).toEqual({ 201: 1, precondition_failed: 2 });
    await admin("DELETE", `/sales/${sale.id}`);
    expect((await write(sale, only)).status).toBe(201);
  });

  test("with a tag replaces every version except that one", async () => {
    const sale = await putSale(aSale());
    const tag = tagOf(await read(sale.id));
    expect((await write(sale, { "if-none-match": `W/${tag}` })).status).toBe(412);
    expect((await write(sale, { "if-none-match": '"other"' })).status).toBe(200);
    expect((await write(sale, { "if-none-match": "x" })).status).toBe(400);
  });
});

test.each(["", " ", ",", "W/", '""x', '"a""b"', '"\u0000"'])(
  "%j is not a valid precondition",
  (text) => {
    expect(parseCondition(text)).toBeUndefined();
  },
);

test("parses or refuses any header, and only the exact tag matches", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary-ascii", maxLength: 40 }), (text) => {
      const condition = parseCondition(text);
      if (condition === undefined || condition === "*") return;
      expect(holds({ ifMatch: condition }, '"tag"')).toBe(condition.includes('"tag"'));
    }),
    { examples: [['"tag"'], ['W/"tag"'], ['"a","tag"']] },
  );
});
