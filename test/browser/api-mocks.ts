// Mocked API responses for the browser tests.
import type { Page, Route } from "playwright-core";

/** Placing an order. */
export const ORDERS = "**/api/skus/*/orders";
/** Reading and canceling an order. */
export const ORDER = "**/api/orders/*";
export const PAYMENT = "**/api/orders/*/payment";
export const LIVE = "**/api/sales/*/live";

/** Answers with a refusal (problem+json) as the API sends it. */
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

/** Delivers the request to the server but drops the response. */
export async function loseAnswer(route: Route): Promise<void> {
  await route.fetch();
  await route.abort();
}

/** Handles successive requests with the given handlers; later requests reach the server. */
export async function inTurn(
  page: Page,
  url: string,
  ...handlers: ((route: Route) => Promise<unknown>)[]
): Promise<void> {
  await page.route(url, async (route) => void (await (handlers.shift() ?? passThrough)(route)));
}

const passThrough = (route: Route) => route.fallback();

/** The real response, with the `Date` header that Cloudflare adds and `change` applied to its JSON. */
export async function answerDated(
  route: Route,
  change: (body: Record<string, unknown>) => object = (body) => body,
  date = new Date(),
): Promise<void> {
  const response = await route.fetch();
  const headers = { ...response.headers(), date: date.toUTCString() };
  await route.fulfill({ response, headers, json: change(await response.json()) });
}

/** Applies `change` to every live-stock response. */
export const changeLive = (page: Page, change: Parameters<typeof answerDated>[1]) =>
  page.route(LIVE, (route) => answerDated(route, change));
