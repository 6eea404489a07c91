// The OpenAPI document describes exactly the routes that the Worker has, and the errors that it answers.
import { expect, test, vi } from "vitest";
import { app } from "../../src/app.ts";
import { ERRORS } from "../../src/http/errors.ts";
import { openApiDocument } from "../../src/openapi/document.ts";

// The routes are only listed here, so nothing of the platform is called.
vi.mock("cloudflare:workers", () => ({ DurableObject: class {}, RpcTarget: class {}, env: {} }));
vi.mock("../../src/pages/documents.gen.bin", () => ({ default: new ArrayBuffer(0) }));

interface Document {
  paths: Record<string, Record<string, { operationId: string; responses: object }>>;
  components: { schemas: Record<string, { properties?: { code?: { const?: string } } }> };
}

const document = openApiDocument() as unknown as Document;

/** Pages of HTML and their forms are for people, and may change with any release. */
const isForScripts = (path: string): boolean =>
  /^\/(api\/|openapi\.json$|healthz$|readyz$)/.test(path);

const described = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
);

const routed = app.routes
  .filter(({ method, path }) => method !== "ALL" && isForScripts(path))
  .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);

test("describes every route of the API, and no other one", () => {
  expect(described.sort()).toEqual([...new Set(routed)].sort());
});

test("gives every operation an id of its own", () => {
  const ids = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
});

test("has a schema for every error code", () => {
  const codes = Object.values(document.components.schemas).flatMap(
    ({ properties }) => properties?.code?.const ?? [],
  );
  expect(codes.sort()).toEqual(Object.keys(ERRORS).sort());
});
