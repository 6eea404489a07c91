// Preview links over HTTP: who makes them, what they show, and that they sell nothing and leave no trace.
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { PreviewLink } from "../../src/admin/preview-links.ts";
import type { LogEntry } from "../../src/catalog/log-entry.ts";
import type { Sale } from "../../src/catalog/schema.ts";
import { givenClock } from "../support/clock.ts";
import { postForm, showPage, signedIn } from "../support/console.ts";
import { ADMIN_TOKEN, admin, call, ORIGIN, VIEWER_TOKEN } from "../support/http.ts";
import { emptyRedis, redisCost, redisIsBack } from "../support/redis.ts";
import { aBuyer, aSale, aSku, ledger, onSale, putSale, unique } from "../support/shop.ts";

beforeEach(redisIsBack);
beforeEach(emptyRedis);

const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();

const linkTo = async ({ id }: Sale, body: object = {}) => {
  const answer = await admin<PreviewLink>("POST", `/sales/${id}/preview-links`, { body });
  expect(answer.status).toBe(201);
  return answer.body.url.replace(ORIGIN, "");
};
const show = (path: string) => call<string>("GET", path, { headers: { accept: "text/html" } });
const badgeIn = (html: string) => /data-badge="(\w+)"/.exec(html)?.[1];

/** A sale of two sizes that opens tomorrow, that no list names, and that people line up for. */
const draft = () => {
  const skus = ["S", "M"].map((option) =>
    aSku({ name: `Shirt ${option}`, product: "shirt", option, price: 2_000, perUserLimit: 2 }),
  );
  return aSale({
    ...{ listed: false, opensAt: inDays(1), closesAt: inDays(2), skus },
    products: [{ id: "shirt", name: "Shirt" }],
    admission: { mode: "draw", ratePerSecond: 5 },
  });
};

const STATES = [
  ...([
    ["soon", "upcoming"],
    ["line", "upcoming"],
    ["open", "open"],
    ["few", "open"],
  ] as const),
  ...([
    ["held", "held"],
    ["sold_out", "sold_out"],
    ["paused", "paused"],
    ["ended", "closed"],
  ] as const),
];

describe("a preview", () => {
  test("shows every state of a sale that nobody can buy yet, without a form or a script", async () => {
    const sale = await putSale(draft());
    const path = await linkTo(sale);
    for (const [state, badge] of STATES) {
      const { status, body } = await show(`${path}&state=${state}`);
      expect([status, badgeIn(body)], state).toEqual([200, badge]);
      expect(body, state).not.toMatch(/<(form|script|dialog|template)\b/);
      for (const [other] of STATES) expect(body).toContain(`&amp;state=${other}"`);
      expect(body).toContain("Nothing can be bought here.");
    }
    expect((await show(`${path}&state=few`)).body).toContain("Only 3 left");
    const plain = await show(`${path}&state=nonsense`);
    expect([plain.status, badgeIn(plain.body)]).toEqual([200, "upcoming"]);
  });

  test("has no state of a line for a sale without one, and speaks the language of its address", async () => {
    const path = await linkTo(await putSale(aSale({ language: "de" })));
    const { body } = await show(path);
    expect(body).toContain("Hier lässt sich nichts kaufen.");
    expect(body).not.toContain("state=line");
    expect((await show(`${path}&lang=en&state=ended`)).body).toMatch(/state=open&amp;lang=en"/);
  });

  test("is stored by nobody, named to nobody, and runs nothing", async () => {
    const { headers } = await show(await linkTo(await putSale(aSale())));
    expect(headers.get("cache-control")).toBe("private, no-store");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("x-robots-tag")).toBe("noindex");
    expect(headers.get("content-security-policy")).toMatch(/; sandbox$/);
    expect(headers.get("etag")).toBeNull();
  });

  test("costs no Redis command beyond the catalog", async () => {
    givenClock(Date.now()); // frozen, so that no refresh becomes due while commands are counted
    const path = await linkTo(await putSale(aSale()));
    await show(path);
    expect((await redisCost(() => show(`${path}&state=open`))).commands).toBe(0);
  });

  test("is a plain 404 for every link that is not exactly right", async () => {
    const clock = givenClock(Date.now());
    const [sale, other] = [await putSale(aSale()), await putSale(aSale())];
    const path = await linkTo(sale, { validSeconds: 60 });
    const token = path.split("token=")[1] as string;
    const wrong = [
      `/sales/${other.id}/preview?token=${token}`,
      `/sales/${unique("none")}/preview?token=${token}`,
      `/sales/${sale.id}/preview?token=${token}A`,
      `/sales/${sale.id}/preview?token=${token.slice(0, -1)}`,
      `/sales/${sale.id}/preview?token=${"A".repeat(5_000)}`,
      `/sales/${sale.id}/preview?token=`,
      `/sales/${sale.id}/preview`,
    ];
    const refused = async (address: string) => {
      const { status, headers, body } = await show(address);
      expect([status, headers.get("referrer-policy")], address).toEqual([404, "no-referrer"]);
      expect(headers.get("cache-control")).toBe("private, no-store");
      expect(body).not.toContain(sale.title);
    };
    for (const address of wrong) await refused(address);
    expect((await show(path)).status).toBe(200);
    clock.moveTo(Date.now() + 61_000);
    await refused(path);
    const again = await linkTo(sale);
    await admin("DELETE", `/sales/${sale.id}`);
    await refused(again);
  });

  test("gives no right to buy", async () => {
    const sku = aSku();
    const sale = await putSale(aSale({ skus: [sku], opensAt: inDays(1), closesAt: inDays(2) }));
    const path = await linkTo(sale);
    const token = path.split("token=")[1] as string;
    const headers = { "idempotency-key": unique("key"), "visit-token": token };
    const open = await onSale();
    const buy = (as: string, skuId: string, body: object = { quantity: 1 }) =>
      call("POST", `/api/skus/${skuId}/orders`, { token: as, headers, body });
    expect((await buy(token, open)).status).toBe(401);
    const buyer = await aBuyer();
    expect((await buy(buyer.token, sku.id, { quantity: 1, ticket: token })).code).toBe(
      "sale_not_open",
    );
    expect((await call("POST", path, { token: buyer.token, body: {} })).status).toBe(405);
    expect((await call("GET", "/api/admin/sales", { token })).status).toBe(401);
    expect(await ledger(sku.id)).toMatchObject({ held: 0, sold: 0 });
  });
});

describe("a link", () => {
  test("is logged with who made it and until when, and its token is in no log", async () => {
    const lines: string[] = [];
    const spies = (["log", "info", "warn", "error"] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation((...texts) => void lines.push(texts.join(" "))),
    );
    onTestFinished(() => {
      for (const spy of spies) spy.mockRestore();
    });
    const sale = await putSale(aSale());
    const path = await linkTo(sale, { validSeconds: 3_600 });
    const token = path.split("token=")[1] as string;
    await show(path);
    await show(`${path}x`);
    await call("POST", path);
    const target = encodeURIComponent(`sale/${sale.id}`);
    const { body } = await admin<{ entries: LogEntry[] }>("GET", `/log?target=${target}`);
    const [entry] = body.entries;
    expect(entry).toMatchObject({ action: "preview.linked", outcome: "done" });
    expect(entry?.changes).toEqual([{ path: "expiresAt", after: expect.any(String) }]);
    const { body: metrics } = await admin("GET", "/metrics");
    expect([...lines, JSON.stringify([body, metrics])].join()).not.toContain(token.slice(0, 20));
  });

  test.each([0, 59, 2_592_001, 1.5, "60", null])(
    "does not last %j seconds",
    async (validSeconds) => {
      const { id } = await putSale(aSale());
      const answer = await admin("POST", `/sales/${id}/preview-links`, { body: { validSeconds } });
      expect(answer).toMatchObject({ status: 400, body: { issues: [{ path: "validSeconds" }] } });
    },
  );

  test("is for operators and for sales that exist", async () => {
    const { id } = await putSale(aSale());
    const post = (saleId: string, token?: string) =>
      call("POST", `/api/admin/sales/${saleId}/preview-links`, {
        ...(token ? { token } : {}),
        body: {},
      });
    expect((await post(id)).status).toBe(401);
    expect((await post(id, VIEWER_TOKEN)).status).toBe(403);
    expect((await post(unique("none"), ADMIN_TOKEN)).status).toBe(404);
    expect((await post("%00", ADMIN_TOKEN)).status).toBe(404);
  });

  test("is made in the console, which shows it once", async () => {
    const { id } = await putSale(aSale());
    const cookie = await signedIn(ADMIN_TOKEN);
    const path = `/admin/sales/${id}/preview-link`;
    expect((await showPage(path, cookie)).body).not.toContain("token=");
    const made = await postForm(path, { validSeconds: "3600" }, { cookie });
    expect(made.status).toBe(200);
    const url = /value="([^"]+token=[^"]+)"/.exec(made.body)?.[1] ?? "";
    expect((await show(url.replace(ORIGIN, ""))).status).toBe(200);
    const wrong = await postForm(path, { validSeconds: "1" }, { cookie });
    expect([wrong.status, wrong.body.includes("token=")]).toEqual([400, false]);
    const viewer = await signedIn(VIEWER_TOKEN);
    expect((await showPage(path, viewer)).body).not.toContain('<button type="submit">Make');
    expect((await postForm(path, { validSeconds: "3600" }, { cookie: viewer })).status).toBe(403);
  });
});
