// What viewers may do: read everything, and change nothing.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { expectOperatorsOnly } from "../support/console.ts";
import { admin, call, contractFaults, ORIGIN, request, VIEWER_TOKEN } from "../support/http.ts";
import { emptyRedis } from "../support/redis.ts";
import { aSale, ledger, onSale, putSale, unique } from "../support/shop.ts";

beforeAll(emptyRedis);

const inApi = app.routes.filter(({ path }) => path.startsWith("/api/admin/"));
const WRITES = inApi.filter(
  ({ method, path }) => !["GET", "ALL"].includes(method) && path !== "/api/admin/session",
);

/** A path of this route. */
const fill = (path: string, values: Record<string, string>) =>
  path.replace(/:(\w+)/g, (_, name: string) => values[name] ?? "x");

test.each(WRITES.map(({ method, path }) => [method, path] as const))(
  "refuses a viewer's %s %s, by token and by session",
  async (method, path) => {
    const signedIn = await call("POST", "/api/admin/session", { body: { token: VIEWER_TOKEN } });
    const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
    for (const headers of [
      { authorization: `Bearer ${VIEWER_TOKEN}` },
      { cookie, origin: ORIGIN },
    ]) {
      const answer = await call(method, fill(path, {}), {
        headers: { ...headers, "idempotency-key": unique("key") },
      });
      expect(answer).toMatchObject({ status: 403, code: "forbidden" });
      expect(contractFaults(answer)).toEqual([]);
    }
  },
);

const FORMS = app.routes.filter(
  ({ method, path }) =>
    method === "POST" && path.startsWith("/admin/") && !/\/sign-(in|out)$/.test(path),
);

test.each(FORMS.map(({ path }) => path))(
  "takes the form at %s of the console from operators alone",
  (path) => expectOperatorsOnly(fill(path, {}), {}),
);

test("refuses a viewer's change of a sale that exists, and leaves its units as they are", async () => {
  const sale = await putSale(aSale());
  const [{ id: skuId } = { id: "" }] = sale.skus;
  const asViewer = (method: string, path: string, body?: unknown) =>
    call(method, `/api/admin${path}`, {
      token: VIEWER_TOKEN,
      headers: { "idempotency-key": unique("key") },
      ...(body === undefined ? {} : { body }),
    });
  const codes = [
    await asViewer("PUT", `/sales/${sale.id}`, { ...sale, title: "Mine" }),
    await asViewer("DELETE", `/sales/${sale.id}`),
    await asViewer("POST", `/skus/${skuId}/restock`, { quantity: 5 }),
    await asViewer("PATCH", `/sales/${sale.id}`),
    await asViewer("POST", "/nothing"),
  ].map(({ code }) => code);
  expect(new Set(codes)).toEqual(new Set(["forbidden"]));
  expect((await admin("GET", `/sales/${sale.id}`)).body).toMatchObject({ title: sale.title });
  expect(await ledger(skuId)).toMatchObject({ stocked: 10 });
});

test("shows a viewer what it shows an operator", async () => {
  const skuId = await onSale();
  for (const path of ["/sales", `/skus/${skuId}/ledger`, `/skus/${skuId}/orders`, "/denylist"]) {
    const [viewer, operator] = [
      await call("GET", `/api/admin${path}`, { token: VIEWER_TOKEN }),
      await admin("GET", path),
    ];
    expect([viewer.status, operator.status]).toEqual([200, 200]);
    expect(Object.keys(viewer.body)).toEqual(Object.keys(operator.body));
  }
  expect((await call("HEAD", "/api/admin/sales", { token: VIEWER_TOKEN })).status).toBe(200);
});

test("knows no viewer while no viewer token is set", async () => {
  const withoutViewers = { ...env, VIEWER_TOKEN: "" };
  for (const token of [VIEWER_TOKEN, "undefined", "null"]) {
    const asked = request("GET", "/api/admin/sales", { token });
    const answer = await app.fetch(asked, withoutViewers, createExecutionContext());
    expect(answer.status).toBe(401);
  }
});
