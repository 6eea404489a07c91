// Sales with products for the tests in the browser: pairs of shoes in sizes, with pictures.
import type { SaleInput } from "../../src/local/client.ts";
import type { Person, Stage } from "./harness.ts";
import type { OnSale } from "./put-sale.ts";

export const PICTURES = "https://pictures.test";

/** Answers every picture with a drawing of its name. */
export const showPictures = (visitor: Person): Promise<void> =>
  visitor.reach(PICTURES, (route) => {
    const name = new URL(route.request().url()).pathname.slice(1);
    const hue = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);
    const body = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 60"><rect width="80" height="60" fill="hsl(${hue} 40% 70%)"/><path d="M10 42q4-22 14-20l14 8q12 8 30 8v6z" fill="hsl(${hue} 60% 30%)"/></svg>`;
    return route.fulfill({ body, contentType: "image/svg+xml" });
  });

interface Sized {
  options?: readonly string[];
  /** Fields of the SKU of an option. */
  sku?: (option: string, at: number) => object;
  /** Fields of the product. */
  product?: object;
  /** Fields of the sale. */
  sale?: object;
}

/** A sale of one product. The id of an option's SKU is `<skuId>-<number>`; the first one has none. */
export async function onSaleInSizes(
  stage: Stage,
  { options = ["41", "42", "43"], sku = () => ({}), product = {}, sale = {} }: Sized = {},
): Promise<OnSale & { skuIds: string[] }> {
  const put = await stage.onSale({ unitPrice: { amount: 12_000, currency: "USD" } });
  const skuIds = options.map((_, at) => `${put.skuId}${at === 0 ? "" : `-${at}`}`);
  const sized = (document: SaleInput): SaleInput => ({
    ...document,
    ...sale,
    products: [{ id: "runner", name: "Runner", ...product }],
    skus: options.map((option, at) => ({
      ...(document.skus[0] as SaleInput["skus"][number]),
      ...{ id: skuIds[at] as string, name: `Runner ${option}`, product: "runner", option },
      ...sku(option, at),
    })),
  });
  await put.change(sized);
  return { ...put, skuIds, change: (how) => put.change((document) => how(sized(document))) };
}
