// A product on the pages: one card for its SKUs, and buying a chosen one with plain HTML forms.
import { expect, test } from "vitest";
import type { Sale } from "../../src/catalog/schema.ts";
import { aBuyer, aSale, aSku, ledger, putSale, settled, unique } from "../support/shop.ts";
import { keyIn, visit } from "./form-client.ts";

const SIZES = Array.from({ length: 12 }, (_, at) => String(36 + at));

/** A sale of a product with these options, beside a SKU of its own. */
function inOptions(
  options: readonly string[],
  sku: (option: string) => Parameters<typeof aSku>[0] = () => ({}),
): Promise<Sale> {
  const skus = options.map((option) => {
    const id = unique("size");
    return aSku({ id, name: `Runner ${option}`, product: "runner", option, ...sku(option) });
  });
  const products = [{ id: "runner", name: "Runner", description: "**Light** and low." }];
  return putSale(aSale({ products, skus: [...skus, aSku({ name: "Laces" })] }));
}

const pageOf = async ({ id }: Sale): Promise<string> => (await visit(`/sales/${id}`)).html;
const count = (html: string, text: string): number => html.split(text).length - 1;

/** The size of a text as it is sent, in bytes. */
async function gzipped(text: string): Promise<number> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

test("twelve sizes are one card with a picker, and within the budget of a first load", async () => {
  const html = await pageOf(await inOptions(SIZES, () => ({ perUserLimit: 10 })));
  expect(count(html, 'class="card product"')).toBe(1);
  expect(count(html, 'class="card sku"')).toBe(1);
  expect(count(html, 'name="sku"')).toBe(12);
  expect(html).toContain("<legend>Choose an option</legend>");
  expect(html).toContain("<strong>Light</strong>");
  expect(await gzipped(html)).toBeLessThan(14 * 1024);
});

test("a product with one SKU needs no picker", async () => {
  const html = await pageOf(await inOptions(["42"]));
  expect(html).not.toContain('name="sku"');
  expect(html).toMatch(/class="sku offer" data-sku/);
});

test("options with different prices show them, and the product their range", async () => {
  const price = (option: string) => ({ price: Number(option) * 100 });
  const html = (await pageOf(await inOptions(["41", "42"], price))).replace(/<[^>]*>/g, " ");
  expect(html.replace(/\s+/g, " ")).toContain("Runner $41.00 – $42.00");
  expect(html).toMatch(/42\s+\$42\.00/);
});

test("an earlier price is struck through, and said in words", async () => {
  const compareAtPrice = { amount: 15_000, currency: "USD" };
  const html = await pageOf(await inOptions(["41"], () => ({ price: 12_000, compareAtPrice })));
  expect(html).toMatch(/<span class="sr">instead of <\/span><s><data[^>]*>\$150\.00<\/data><\/s>/);
});

test("pictures of a product and its SKUs are one gallery, each once and described", async () => {
  const picture = (name: string) => `https://brand.test/${name}.jpg`;
  const sale = aSale({
    products: [
      {
        ...{ id: "runner", name: "Runner", imageUrl: picture("side"), imageAlt: "From the side" },
        moreImages: [{ url: picture("top") }],
      },
    ],
    skus: ["41", "42"].map((option) =>
      aSku({ product: "runner", option, imageUrl: picture(option === "41" ? "side" : "red") }),
    ),
  });
  const html = await pageOf(await putSale(sale));
  const alts = [...html.matchAll(/<img src="https:\/\/brand[^>]*alt="([^"]*)"/g)].map(
    ([, alt]) => alt,
  );
  expect(alts).toEqual(["From the side", "Runner, picture 2 of 3", "Runner, picture 3 of 3"]);
  expect(html).toMatch(/<section class="gallery" aria-label="Pictures of Runner" tabindex="0"/);
});

test("the picker leads to the order form of the chosen option, which sells it", async () => {
  const { id, skus } = await inOptions(["41", "42"], () => ({ perUserLimit: 3 }));
  const chosen = skus[1]?.id ?? "";
  const picked = await visit(`/sales/${id}/buy?sku=${chosen}&quantity=2`);
  expect(picked).toMatchObject({
    ...{ status: 303, location: `/sales/${id}/skus/${chosen}/buy?quantity=2` },
  });
  const buyer = await aBuyer();
  const { html } = await visit(picked.location, { buyer });
  expect(html).toContain("Runner 42");
  const fields = { quantity: "2", key: keyIn(html) };
  const { status, location } = await visit(`/sales/${id}/skus/${chosen}/buy`, { buyer, fields });
  expect(status).toBe(303);
  expect((await visit(location, { buyer })).html).toContain("Runner 42");
  await settled(chosen);
  expect(await ledger(chosen)).toMatchObject({ sold: 2 });
  expect(await ledger(skus[0]?.id ?? "")).toMatchObject({ sold: 0 });
});

test.each(["", "?sku=", "?sku=%2F%2Fevil.test", "?sku=A", "?quantity=2"])(
  "a picker without a choice leads back to the sale: “%s”",
  async (query) => {
    const { id } = await inOptions(["41", "42"]);
    expect(await visit(`/sales/${id}/buy${query}`)).toMatchObject({
      ...{ status: 303, location: `/sales/${id}` },
    });
  },
);

test("the picker sends nobody to another site, and no absurd quantity", async () => {
  expect((await visit("/sales/%2F%2Fevil.test/buy?sku=a")).status).toBe(404);
  const { location } = await visit("/sales/drop/buy?sku=a&quantity=1e9");
  expect(location).toBe("/sales/drop/skus/a/buy?quantity=1");
  expect((await visit(location)).status).toBe(404);
});

test("the order form lowers the quantity to what is left, and says so", async () => {
  const { id, skus } = await inOptions(["41"], () => ({ perUserLimit: 5, stock: 2 }));
  const path = `/sales/${id}/skus/${skus[0]?.id}/buy?quantity=4`;
  const { html } = await visit(path, { buyer: await aBuyer() });
  expect(html).toContain("Only 2 left, so that&#39;s your quantity.");
  expect(html).toContain('name="quantity" value="2"');
});
