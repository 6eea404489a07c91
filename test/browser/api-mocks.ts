// What a browser test lets the API answer in the server's place.
import type { Page, Route } from "playwright-core";

/** Attempts to buy. */
export const ORDERS = "**/api/skus/*/orders";
/** Looks at an order, and giving it back. */
export const ORDER = "**/api/orders/*";
export const PAYMENT = "**/api/orders/*/payment";
export const LIVE = "**/api/sales/*/live";

/** The refusal as the API sends it. */
export function refuse(
  route: Route,
  status: number,
  code: string,
  { retryAfter, ...fields }: { retryAfter?: number; [field: string]: unknown } = {},
): Promise<void> {
  return route.fulfill({
    status,
    contentType: "application/problem+json",
    headers: retryAfter === undefined ? {} : { "retry-after": String(retryAfter) },
    body: JSON.stringify({
      status,
      code,
      title: code,
      ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }),
      ...fields,
    }),
  });
}

/** The request arrives, its answer does not. */
export async function loseAnswer(route: Route): Promise<void> {
  await route.fetch();
  await route.abort();
}

/** Answers one request after the other in the ways given; the ones after them as usual. */
export async function inTurn(
  page: Page,
  url: string,
  ...ways: ((route: Route) => Promise<unknown>)[]
): Promise<void> {
  await page.route(url, async (route) => void (await (ways.shift() ?? goOn)(route)));
}

const goOn = (route: Route) => route.fallback();

/** The real answer, with the date that Cloudflare puts on each, and `change` applied to its JSON. */
export async function answerDated(
  route: Route,
  change: (body: Record<string, unknown>) => object = (body) => body,
  date = new Date(),
): Promise<void> {
  const response = await route.fetch();
  const headers = { ...response.headers(), date: date.toUTCString() };
  await route.fulfill({ response, headers, json: change(await response.json()) });
}

/** Changes what the live answer says. */
export const changeLive = (page: Page, change: Parameters<typeof answerDated>[1]) =>
  page.route(LIVE, (route) => answerDated(route, change));
