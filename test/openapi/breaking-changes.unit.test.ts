// Which changes of the OpenAPI document break clients.
import { expect, test } from "vitest";
import { breakingChanges, isAnnounced } from "../../src/openapi/breaking-changes.ts";
import { openApiDocument } from "../../src/openapi/document.ts";

type Node = Record<string, unknown>;

/** One value of the document, and what becomes of it. `undefined`: it is removed. */
type Edit = [path: readonly string[], change: (value: never) => unknown];

const before = openApiDocument();
const text = JSON.stringify(before);

/** The breaking changes of one edit of today's document. */
function breaksOf([path, change]: Edit): string[] {
  const after = JSON.parse(text) as Node;
  const last = path.at(-1) as string;
  const parent = path.slice(0, -1).reduce((at, name) => at[name] as Node, after);
  parent[last] = change(parent[last] as never);
  return breakingChanges(before, JSON.parse(JSON.stringify(after)));
}

const gone = () => undefined;
const become = (value: unknown) => () => value;
const plus = (value: string) => (list: string[]) => [...list, value];
const without = (value: string) => (list: string[]) => list.filter((each) => each !== value);

const SCHEMAS = ["components", "schemas"];
const PLACE = ["paths", "/api/skus/{skuId}/orders", "post"];
const BODY = [...SCHEMAS, "OrderRequest"];

test.each<[string, Edit, string]>([
  ["a route that is gone", [["paths", "/api/time"], gone], "GET /api/time was removed"],
  [
    "a field of an answer that is gone",
    [[...SCHEMAS, "Order", "properties", "total"], gone],
    "GET /api/orders/{orderId}: 200.total was removed",
  ],
  [
    "a field of an answer that may be missing",
    [[...SCHEMAS, "Live", "required"], without("asOf")],
    "GET /api/sales/{saleId}/live: 200.asOf is no longer always there",
  ],
  [
    "another type in an answer",
    [[...SCHEMAS, "Order", "properties", "id", "type"], become("integer")],
    'GET /api/orders/{orderId}: 200.id: the type "string" became "integer"',
  ],
  [
    "a status that clients do not know",
    [[...SCHEMAS, "OrderStatus", "enum"], plus("lost")],
    'GET /api/orders/{orderId}: 200.status: the values "lost" are new',
  ],
  [
    "a field that requests must have",
    [[...BODY, "required"], plus("paymentToken")],
    "POST /api/skus/{skuId}/orders: body.paymentToken became required",
  ],
  [
    "a field that requests may no longer have",
    [[...BODY, "properties", "ticket"], gone],
    "POST /api/skus/{skuId}/orders: body.ticket was removed",
  ],
  [
    "a lower limit",
    [[...BODY, "properties", "quantity", "maximum"], become(10)],
    "POST /api/skus/{skuId}/orders: body.quantity: maximum 100 became 10",
  ],
  [
    "a header that requests must have",
    [["components", "parameters", "visitToken", "required"], become(true)],
    "POST /api/skus/{skuId}/orders: the parameter header visit-token became required",
  ],
  [
    "a sign-in where there was none",
    [["paths", "/api/sales", "get", "security"], become([{ buyerToken: [] }])],
    "GET /api/sales needs a sign-in",
  ],
  [
    "a header of an answer that may be missing",
    [[...PLACE, "responses", "202", "headers", "Location"], gone],
    "POST /api/skus/{skuId}/orders: 202: the header Location is no longer always there",
  ],
  [
    "another name in clients",
    [[...PLACE, "operationId"], become("buy")],
    "POST /api/skus/{skuId}/orders: the operationId placeOrder became buy",
  ],
  [
    "an event that is gone",
    [["webhooks", "order.confirmed"], gone],
    "the event order.confirmed was removed",
  ],
  ["an error that is gone", [[...SCHEMAS, "SoldOutProblem"], gone], "SoldOutProblem was removed"],
])("counts %s as a breaking change", (_, edit, expected) => {
  expect(breaksOf(edit)).toContain(expected);
});

test.each<[string, Edit]>([
  ["a document that stays the same", [["openapi"], (value) => value]],
  [
    "a new field of an answer",
    [[...SCHEMAS, "Order", "properties", "gift"], become({ type: "boolean" })],
  ],
  [
    "a new field that requests may have",
    [[...BODY, "properties", "note"], become({ type: "string" })],
  ],
  ["a higher limit", [[...BODY, "properties", "quantity", "maximum"], become(1_000)]],
  ["a new route", [["paths", "/api/news"], become({ get: { operationId: "news" } })]],
  ["other words", [[...PLACE, "description"], become("Buys.")]],
])("does not count %s", (_, edit) => {
  expect(breaksOf(edit)).toEqual([]);
});

test.each([
  ["## Unreleased\n\n### Breaking\n\n- `total` is gone.\n\n## 1.0.0\n", true],
  ["## Unreleased\n\n### Breaking\n\n### Added\n\n- A field.\n\n## 1.0.0\n", false],
  ["## Unreleased\n\n### Added\n\n- A field.\n\n## 1.0.0\n\n### Breaking\n\n- Old.\n", false],
])("counts as announced only what the changelog says of the next release: %#", (text, expected) => {
  expect(isAnnounced(`# Changelog\n\n${text}`)).toBe(expected);
});
