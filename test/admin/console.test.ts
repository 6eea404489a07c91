// The console's pages without a browser: who sees them, how people sign in, and what they never contain.
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { pageText, postForm, showPage, signedIn } from "../support/console.ts";
import { ADMIN_TOKEN, VIEWER_TOKEN } from "../support/http.ts";
import { emptyRedis } from "../support/redis.ts";
import { aSale, putSale } from "../support/shop.ts";

beforeAll(emptyRedis);

test.each(["/admin", "/admin/sales/x", "/admin/sales/x/figures", "/admin/nothing"])(
  "shows strangers only the sign-in at %s",
  async (path) => {
    const { status, headers, body } = await showPage(path);
    expect(status).toBe(401);
    expect(headers.get("cache-control")).toBe("private, no-store");
    expect(headers.get("www-authenticate")).toMatch(/^Bearer realm=/);
    expect(body).toContain('type="password"');
    expect(body).toContain(`name="next" value="${path}"`);
  },
);

test.each([
  ["an operator", ADMIN_TOKEN],
  ["a viewer", VIEWER_TOKEN],
])("shows %s the sales and their figures, without the token", async (_, token) => {
  const { id, title } = await putSale(aSale({ title: "<Spring> & co" }));
  const cookie = await signedIn(token);
  for (const path of ["/admin", `/admin/sales/${id}`, `/admin/sales/${id}/figures`]) {
    const { status, headers, body } = await showPage(path, cookie);
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("private, no-store");
    expect(headers.get("content-security-policy")).toContain("default-src 'self'");
    expect(body).not.toContain(token);
    expect(body).not.toContain(title);
  }
  expect(await pageText("/admin", cookie)).toContain("&lt;Spring&gt; &amp; co");
});

test("says that a token is wrong, and keeps the page to come back to", async () => {
  const answer = await postForm("/admin/sign-in", { token: "wrong", next: "/admin/sales/x" });
  expect([answer.status, answer.headers.get("set-cookie")]).toEqual([401, null]);
  expect(answer.body).toContain("This is not the token of an operator or viewer");
});

test("returns to pages of the console only", async () => {
  const next = (path: string) =>
    postForm("/admin/sign-in", { token: ADMIN_TOKEN, next: path }).then(({ location }) => location);
  for (const path of ["/admin/sales/spring-drop", "/admin/orders/a-b.0.c1"]) {
    expect(await next(path)).toBe(path);
  }
  const foreign = ["https://evil.test", "//evil.test", "/admin\\..", "/", "/administrator"];
  for (const path of [...foreign, "/admin/../cart", "/admin/..", "/admin//evil.test"]) {
    expect(await next(path)).toBe("/admin");
  }
});

test("accepts its forms from its own pages only", async () => {
  for (const origin of [null, "https://evil.test"]) {
    for (const path of ["/admin/sign-in", "/admin/sign-out"]) {
      const answer = await postForm(path, { token: ADMIN_TOKEN }, { origin });
      expect([answer.status, answer.headers.get("set-cookie")]).toEqual([403, null]);
    }
  }
});

test("signs out in this browser", async () => {
  const answer = await postForm("/admin/sign-out", {});
  expect([answer.status, answer.location]).toEqual([303, "/admin"]);
  expect(answer.headers.get("set-cookie")).toMatch(/^__Host-operator=;.*Max-Age=0/);
});

test("says that a sale does not exist", async () => {
  const cookie = await signedIn(ADMIN_TOKEN);
  for (const path of ["/admin/sales/unknown", "/admin/sales/%00", "/admin/sales/X/figures"]) {
    const { status, body } = await showPage(path, cookie);
    expect(status).toBe(404);
    expect(body).toContain("There is no sale with this id.");
  }
});

test("answers random forms with an error page, and never fails", async () => {
  const cookie = await signedIn(ADMIN_TOKEN);
  const { id } = await putSale(aSale());
  const paths = ["/switches", "/rules", "/orders/x", "/dead-letters/x", `/sales/${id}/line`];
  const names = fc.constantFrom("action", "reason", "kind", "value", "key", "minutes", "__proto__");
  const form = fc.dictionary(fc.oneof(names, fc.string()), fc.string({ unit: "binary" }));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), form, async (path, fields) => {
      const { status, headers } = await postForm(`/admin${path}`, fields, { cookie });
      expect([400, 404]).toContain(status);
      expect(headers.get("content-type")).toContain("text/html");
      expect(headers.get("cache-control")).toBe("private, no-store");
    }),
    { numRuns: 60 },
  );
});
