// Rows for pages and API responses that are the same for everyone. The baseline is a bare Hono route that returns the
// same bytes and headers.
import type { RequestSpec } from "./load-generator.ts";
import { etagOf, mirrorResponse } from "./requests.ts";
import { type Load, type Row, SHORT_ROUNDS } from "./row.ts";
import { SALE } from "./sales.ts";

const PAGE: RequestSpec = { method: "GET", path: `/sales/${SALE}` };
const API = `/api/sales/${SALE}`;

const repeatOne = (worker: Load["worker"], request: RequestSpec): Load => ({
  worker,
  status: 200,
  requests: (_, count) => Array(count).fill(request),
});

/** A row of a response that is the same for everyone. */
export const sharedResponse = (
  name: string,
  request: RequestSpec,
  baseline: { name: string; path: string },
): Row => ({
  name,
  ...SHORT_ROUNDS,
  subject: repeatOne("doorbuster", request),
  baseline: {
    name: baseline.name,
    ...repeatOne("comparator", { ...request, path: baseline.path }),
  },
  prepare: (testbed) => mirrorResponse(testbed, request),
});

function notModified(): Row {
  let conditional = PAGE;
  return {
    name: "304 for an unchanged page",
    ...SHORT_ROUNDS,
    subject: {
      worker: "doorbuster",
      status: 304,
      requests: (_, count) => Array(count).fill(conditional),
    },
    baseline: {
      name: "bare Hono 304",
      worker: "comparator",
      status: 304,
      requests: (_, count) => Array(count).fill({ ...conditional, path: "/canned/conditional" }),
    },
    async prepare(testbed) {
      conditional = { ...PAGE, headers: { "if-none-match": await etagOf(testbed, PAGE.path) } };
      await mirrorResponse(testbed, PAGE);
    },
  };
}

const HTML = { name: "bare Hono route", path: "/canned" };
const JSON_ROUTE = { name: "bare Hono JSON route", path: "/canned/json" };

export const PAGE_ROWS: Row[] = [
  sharedResponse("sale page", PAGE, HTML),
  sharedResponse("HEAD of the sale page", { ...PAGE, method: "HEAD" }, HTML),
  notModified(),
  sharedResponse("live stock", { method: "GET", path: `${API}/live` }, JSON_ROUTE),
  sharedResponse("catalog API", { method: "GET", path: API }, JSON_ROUTE),
];
