// Requests pages and submits their forms as a browser without JavaScript does.
import { exports } from "cloudflare:workers";
import { freshAddress, ORIGIN, shownOf } from "../support/http.ts";
import { aBuyer, aSale, aSku, type Buyer, putSale } from "../support/shop.ts";

interface Form {
  buyer?: Buyer;
  fields?: Record<string, string>;
  origin?: string;
  /** A cookie beside that of the session. */
  cookie?: string;
}

/** A request as a browser without JavaScript sends it; redirects are not followed. */
export async function visit(path: string, { buyer, fields, origin = ORIGIN, cookie }: Form = {}) {
  const cookies = [...(buyer ? [`session=${buyer.token}`] : []), ...(cookie ? [cookie] : [])];
  const response = await exports.default.fetch(
    new Request(new URL(path, ORIGIN), {
      method: fields ? "POST" : "GET",
      redirect: "manual",
      headers: {
        "cf-connecting-ip": freshAddress(),
        ...(fields ? { origin } : {}),
        ...(cookies.length > 0 ? { cookie: cookies.join("; ") } : {}),
      },
      ...(fields ? { body: new URLSearchParams(fields) } : {}),
    }),
  );
  const { status, headers } = response;
  return {
    status,
    headers,
    location: headers.get("location") ?? "",
    html: shownOf(await response.text()),
  };
}

/** A buyer, and an item on sale with the path of its order form. */
export async function givenItem(
  sku: Parameters<typeof aSku>[0] = {},
  sale: Parameters<typeof aSale>[0] = {},
) {
  const item = aSku(sku);
  const { id } = await putSale(aSale({ skus: [item], ...sale }));
  return { buyer: await aBuyer(), skuId: item.id, path: `/sales/${id}/skus/${item.id}/buy` };
}

/** The idempotency key in an order form. */
export const keyIn = (html: string): string => /name="key" value="([^"]+)"/.exec(html)?.[1] ?? "";
