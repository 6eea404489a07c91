// The operators' log: every write of the operator's API leaves an entry, before it happens.
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { app } from "../../src/app.ts";
import type { LogEntry } from "../../src/catalog/log-entry.ts";
import { SaleRegistry } from "../../src/catalog/registry.ts";
import { RuleTable } from "../../src/catalog/rule-table.ts";
import { requireConfig } from "../../src/config/config.ts";
import { givenReceiver } from "../alerts/watch.ts";
import { pageText, signedIn } from "../support/console.ts";
import { ADMIN_TOKEN, admin, type CallOptions, contractFaults } from "../support/http.ts";
import { deliver } from "../support/queue.ts";
import { emptyRedis, redisIsBack } from "../support/redis.ts";
import { aRehearsalSale } from "../support/rehearsal.ts";
import { aBuyer, aSale, aSku, bought, onSale, putSale, settled, unique } from "../support/shop.ts";
import { aRehearsal } from "./preflight/rehearsals.ts";

beforeAll(emptyRedis);
beforeEach(redisIsBack);

const HOUR_MS = 3_600_000;
const DEAD_LETTERS = "doorbuster-orders-dlq";

async function entries(query = ""): Promise<LogEntry[]> {
  const { body } = await admin<{ entries: LogEntry[] }>("GET", `/log${query}`);
  return body.entries;
}

/** The entries about one target, newest first. */
const about = (target: string) => entries(`?target=${encodeURIComponent(target)}`);

/** A write: its path and request, and the action and target that the log must name. */
interface Write extends Omit<CallOptions, "token"> {
  path: string;
  action: string;
  target: string;
}

const key = () => ({ "idempotency-key": unique("key") });

async function aLetter(): Promise<string> {
  const id = unique("letter");
  const about = { queue: "doorbuster-orders", message: "garbage", reason: "x", attempts: 10 };
  await deliver([{ id, ...about, diedAt: new Date().toISOString() }], { queue: DEAD_LETTERS });
  return id;
}

async function givenConfirmed() {
  const skuId = await onSale();
  const order = await bought(await aBuyer(), skuId);
  await settled(skuId);
  return order.id;
}

const rule = (effect: string) => async (): Promise<Write> => ({
  path: `/${effect}list/user/ann`,
  action: "rule.saved",
  target: `rule/${effect}/user/ann`,
});

const removal = (effect: string, inQuery = false) =>
  async function prepare(): Promise<Write> {
    await admin("PUT", `/${effect}list/user/bob`);
    const path = inQuery ? `/${effect}list/user?value=bob` : `/${effect}list/user/bob`;
    return { path, action: "rule.removed", target: `rule/${effect}/user/bob` };
  };

const ruleInQuery = (effect: string) => async (): Promise<Write> => ({
  ...(await rule(effect)()),
  path: `/${effect}list/user?value=ann`,
});

/** Sets ORDER_WEBHOOK_URL until the end of the test. */
function givenWebhook(): void {
  const config = requireConfig(env);
  config.ORDER_WEBHOOK_URL = "https://erp.test/hook";
  onTestFinished(() => {
    delete config.ORDER_WEBHOOK_URL;
  });
}

/** Every write of the operator's API, with a request that changes something. */
const WRITES: Record<string, () => Promise<Write>> = {
  "PUT /sales/:saleId": async () => {
    const sale = aSale();
    const target = `sale/${sale.id}`;
    return { path: `/sales/${sale.id}`, body: sale, action: "sale.saved", target };
  },
  "DELETE /sales/:saleId": async () => {
    const { id } = await putSale(aSale());
    return { path: `/sales/${id}`, action: "sale.deleted", target: `sale/${id}` };
  },
  "POST /sales/:saleId/preview-links": async () => {
    const { id } = await putSale(aSale());
    const request = { path: `/sales/${id}/preview-links`, body: {} };
    return { ...request, action: "preview.linked", target: `sale/${id}` };
  },
  "POST /sales/:saleId/rehearsal-grants": async () => {
    const { id } = await putSale(aRehearsalSale());
    const request = { path: `/sales/${id}/rehearsal-grants`, body: {} };
    return { ...request, action: "rehearsal.granted", target: `sale/${id}` };
  },
  "PUT /sales/:saleId/line": async () => {
    const admission = { mode: "queue", ratePerSecond: 50 } as const;
    const opensAt = new Date(Date.now() + HOUR_MS).toISOString();
    const closesAt = new Date(Date.now() + 2 * HOUR_MS).toISOString();
    const { id } = await putSale(aSale({ admission, opensAt, closesAt }));
    const body = { paused: true };
    return { path: `/sales/${id}/line`, body, action: "line.changed", target: `sale/${id}` };
  },
  "POST /sales/:saleId/pause": async () => {
    const { id } = await putSale(aSale());
    const request = { path: `/sales/${id}/pause`, body: { reason: "because" } };
    return { ...request, action: "switches.changed", target: `sale/${id}` };
  },
  "POST /sales/:saleId/resume": async () => {
    const { id } = await putSale(aSale());
    const request = { path: `/sales/${id}/resume`, body: { reason: "because" } };
    return { ...request, action: "switches.changed", target: `sale/${id}` };
  },
  "PUT /switches": async () => {
    const switches = [{ name: "orderHistoryOff", value: true }];
    const request = { path: "/switches", body: { reason: "because", switches } };
    return { ...request, action: "switches.changed", target: "deployment" };
  },
  "POST /sales/:saleId/audit/take-back": async () => {
    const order = await bought(await aBuyer(), await onSale());
    await settled(order.skuId);
    const body = { orderIds: [order.id], backOnSale: true, reason: "returned" };
    const path = `/sales/${order.saleId}/audit/take-back`;
    const target = `order/${order.id}`;
    return { path, body, headers: key(), action: "order.refunded", target };
  },
  "POST /skus/:skuId/restock": async () => {
    const skuId = await onSale();
    const request = { body: { quantity: 5 }, headers: key() };
    const target = `sku/${skuId}`;
    return { path: `/skus/${skuId}/restock`, ...request, action: "sku.restocked", target };
  },
  "POST /skus/:skuId/rebuild": async () => {
    const skuId = await onSale();
    return { path: `/skus/${skuId}/rebuild`, action: "sku.rebuilt", target: `sku/${skuId}` };
  },
  "POST /orders/:orderId/refund": async () => {
    const orderId = await givenConfirmed();
    const request = { body: { backOnSale: true, reason: "returned" }, headers: key() };
    const target = `order/${orderId}`;
    return { path: `/orders/${orderId}/refund`, ...request, action: "order.refunded", target };
  },
  "POST /orders/:orderId/release": async () => {
    const order = await bought(await aBuyer(), await onSale({ price: 500 }));
    const target = `order/${order.id}`;
    return { path: `/orders/${order.id}/release`, action: "order.released", target };
  },
  "POST /orders/:orderId/webhooks/resend": async () => {
    const orderId = await givenConfirmed();
    const target = `order/${orderId}`;
    givenWebhook();
    const path = `/orders/${orderId}/webhooks/resend`;
    return { path, action: "order.webhook_resent", target };
  },
  "POST /webhooks/replay": async () => {
    givenWebhook();
    const body = { from: new Date(Date.now() - HOUR_MS), to: new Date(Date.now() - 1) };
    const request = { path: "/webhooks/replay", body, headers: key() };
    return { ...request, action: "webhooks.replayed", target: "deployment" };
  },
  "POST /webhooks/resume": async () => {
    givenWebhook();
    requireConfig(env).ORDER_WEBHOOK_SECRET = [
      `whsec_${btoa("a secret of the shop, 32 bytes long")}`,
    ];
    const real = globalThis.fetch;
    const spy = vi
      .spyOn(globalThis, "fetch")
      .mockImplementation(async (input, init) =>
        input === "https://erp.test/hook" ? new Response() : real(input, init),
      );
    onTestFinished(() => {
      delete requireConfig(env).ORDER_WEBHOOK_SECRET;
      spy.mockRestore();
    });
    return { path: "/webhooks/resume", action: "webhooks.resumed", target: "deployment" };
  },
  "POST /alerts/test": async () => {
    await givenReceiver();
    return { path: "/alerts/test", action: "alerts.tested", target: "deployment" };
  },
  "POST /rehearsals": async () => ({
    path: "/rehearsals",
    body: aRehearsal(),
    action: "rehearsal.ended",
    target: "rehearsals",
  }),
  "POST /cache/purge": async () => ({
    path: "/cache/purge",
    action: "caches.purged",
    target: "deployment",
  }),
  "PUT /denylist/:kind": ruleInQuery("deny"),
  "PUT /denylist/:kind/:value": rule("deny"),
  "DELETE /denylist/:kind": removal("deny", true),
  "DELETE /denylist/:kind/:value": removal("deny"),
  "PUT /allowlist/:kind": ruleInQuery("allow"),
  "PUT /allowlist/:kind/:value": rule("allow"),
  "DELETE /allowlist/:kind": removal("allow", true),
  "DELETE /allowlist/:kind/:value": removal("allow"),
  "POST /dead-letters/:id/replay": async () => {
    const id = await aLetter();
    const target = `dead-letter/${id}`;
    return { path: `/dead-letters/${id}/replay`, action: "dead_letter.replayed", target };
  },
  "DELETE /dead-letters/:id": async () => {
    const id = await aLetter();
    const target = `dead-letter/${id}`;
    return { path: `/dead-letters/${id}`, action: "dead_letter.discarded", target };
  },
};

/** Signing in and out changes nothing of the shop. */
const NO_WRITES = ["POST /session", "DELETE /session"];

const writeRoutes = app.routes
  .filter(({ method, path }) => path.startsWith("/api/admin/") && !["GET", "ALL"].includes(method))
  .map(({ method, path }) => `${method} ${path.slice("/api/admin".length)}`)
  .filter((route) => !NO_WRITES.includes(route));

describe("every write of the operator's API", () => {
  test.each([...new Set(writeRoutes)])("leaves one entry: %s", async (route) => {
    const prepare = WRITES[route];
    if (!prepare) throw new Error("This route needs `recorded`, and a request in WRITES");
    const { path, action, target, ...options } = await prepare();
    const [newest] = await entries();
    const headers = { "change-reason": "because", ...options.headers };

    const answer = await admin(route.split(" ")[0] as string, path, { ...options, headers });

    expect(answer.status).toBeLessThan(300);
    const added = (await entries()).filter(({ id }) => id > (newest?.id ?? 0));
    expect(added).toEqual([
      {
        id: expect.any(Number),
        at: expect.any(String),
        actor: { name: "operator", role: "operator" },
        action,
        target,
        reason: action === "order.refunded" ? "returned" : "because",
        changes: expect.any(Array),
        outcome: "done",
        requestId: answer.headers.get("x-request-id"),
      },
    ]);
    expect(await about(target)).toContainEqual(added[0]);
  });

  test.each([...new Set(writeRoutes)])(
    "changes nothing while no entry can be stored: %s",
    async (route) => {
      const {
        path,
        action: _,
        target: __,
        ...options
      } = await (WRITES[route] as () => Promise<Write>)();
      const spy = vi.spyOn(SaleRegistry.prototype, "beginEntry").mockImplementation(() => {
        throw new Error("the disk is full");
      });
      onTestFinished(() => spy.mockRestore());
      const changes = [
        vi.spyOn(SaleRegistry.prototype, "put"),
        vi.spyOn(SaleRegistry.prototype, "remove"),
        vi.spyOn(SaleRegistry.prototype, "restock"),
        vi.spyOn(SaleRegistry.prototype, "setSwitches"),
        vi.spyOn(RuleTable.prototype, "put"),
        vi.spyOn(RuleTable.prototype, "remove"),
      ];

      const answer = await admin(route.split(" ")[0] as string, path, options);

      expect(answer).toMatchObject({ status: 503, code: "unavailable" });
      expect(answer.body.detail).toMatch(/^Nothing was changed/);
      expect(contractFaults(answer)).toEqual([]);
      for (const change of changes) {
        expect(change).not.toHaveBeenCalled();
        change.mockRestore();
      }
    },
  );
});

describe("the changes of an entry", () => {
  test("are those between the old document of a sale and the new one", async () => {
    const sku = aSku({ stock: 5 });
    const sale = await putSale(aSale({ skus: [sku] }));
    await putSale({ ...sale, title: "A new title", skus: [{ ...sku, stock: 7 }] });
    const [entry] = await about(`sale/${sale.id}`);
    expect(entry?.changes).toEqual([
      { path: "title", before: "A sale", after: "A new title" },
      { path: `skus.${sku.id}.stock`, before: 5, after: 7 },
    ]);
  });

  test("are those of a line's settings", async () => {
    const { path, body, target } = await (
      WRITES["PUT /sales/:saleId/line"] as () => Promise<Write>
    )();
    await admin("PUT", path, { body });
    await admin("PUT", path, { body: { ratePerSecond: 7, notice: "soon" } });
    const [second, first] = await about(target);
    expect(first?.changes).toEqual([{ path: "paused", before: false, after: true }]);
    expect(second?.changes).toEqual([
      { path: "ratePerSecond", before: 50, after: 7 },
      { path: "notice", before: null, after: "soon" },
    ]);
  });
});

describe("the outcome of an entry", () => {
  test("names the error code if the action was refused", async () => {
    const sale = await putSale(aSale());
    const headers = { "if-match": '"1"' };
    await admin("PUT", `/sales/${sale.id}`, { body: { ...sale, title: "Late" }, headers });
    const [refused, saved] = await about(`sale/${sale.id}`);
    expect(refused).toMatchObject({
      outcome: "refused",
      code: "precondition_failed",
      changes: [{ path: "title", before: "A sale", after: "Late" }],
    });
    expect(saved).toMatchObject({ outcome: "done" });
  });

  test("stays unknown if the action was interrupted", async () => {
    const spy = vi.spyOn(SaleRegistry.prototype, "put").mockImplementation(() => {
      throw new Error("killed");
    });
    onTestFinished(() => spy.mockRestore());
    const sale = aSale();
    expect((await admin("PUT", `/sales/${sale.id}`, { body: sale })).status).toBe(503);
    expect(await about(`sale/${sale.id}`)).toMatchObject([{ outcome: "unknown" }]);
  });

  test("stays unknown, and the answer stands, if the outcome cannot be stored", async () => {
    const spy = vi.spyOn(SaleRegistry.prototype, "completeEntry").mockImplementation(() => {
      throw new Error("killed");
    });
    onTestFinished(() => spy.mockRestore());
    const sale = aSale();
    expect((await admin("PUT", `/sales/${sale.id}`, { body: sale })).status).toBe(201);
    expect(await about(`sale/${sale.id}`)).toMatchObject([{ outcome: "unknown" }]);
  });
});

test("a request that cannot be valid leaves no entry", async () => {
  const [newest] = await entries();
  await admin("PUT", "/sales/x", { body: { id: "x" } });
  await admin("DELETE", "/sales/X_X");
  await admin("PUT", "/denylist/planet/mars");
  await admin("POST", "/skus/x/restock", { body: { quantity: 1 } });
  expect((await entries())[0]).toEqual(newest);
});

test.each(["restock", "refund"])(
  "a %s that is repeated with its key has one entry",
  async (kind) => {
    const route = kind === "restock" ? "POST /skus/:skuId/restock" : "POST /orders/:orderId/refund";
    const { path, target, body, headers } = await (WRITES[route] as () => Promise<Write>)();
    const request = { body, headers: headers as Record<string, string> };
    const [first, second] = await Promise.all([1, 2].map(() => admin("POST", path, request)));
    expect(second?.status).toBe(first?.status);
    expect((await admin("POST", path, request)).headers.get("idempotent-replayed")).toBe("true");
    expect(await about(target)).toMatchObject([{ outcome: "done" }]);
    await admin("POST", path, { ...request, headers: key() });
    expect(await about(target)).toHaveLength(2);
  },
);

describe("the reason", () => {
  test("may have any characters, percent-encoded", async () => {
    const reason = "Zweimal gebucht – 100 % ❤";
    const headers = { "change-reason": encodeURIComponent(reason) };
    const sale = aSale();
    await admin("PUT", `/sales/${sale.id}`, { body: sale, headers });
    expect(await about(`sale/${sale.id}`)).toMatchObject([{ reason }]);
  });

  test("is the note of a rule, if it has one", async () => {
    const headers = { "change-reason": "header" };
    await admin("PUT", "/denylist/user/carl", { body: { note: "bot" }, headers });
    expect(await about("rule/deny/user/carl")).toMatchObject([{ reason: "bot" }]);
  });

  test.each([
    ["a bare percent sign", "100 %"],
    ["bytes that are not UTF-8", "%ff"],
    ["501 characters", "x".repeat(501)],
    ["characters beyond ASCII", "\u00e4"],
  ])("with %s is refused, and nothing is changed", async (_, reason) => {
    const sale = aSale();
    const headers = { "change-reason": reason };
    const answer = await admin("PUT", `/sales/${sale.id}`, { body: sale, headers });
    expect(answer).toMatchObject({
      status: 400,
      body: { issues: [{ path: "Change-Reason" }] },
    });
    expect((await admin("GET", `/sales/${sale.id}`)).status).toBe(404);
    expect(await about(`sale/${sale.id}`)).toEqual([]);
  });
});

test("lists 50 entries per page", async () => {
  const sale = aSale();
  for (let i = 0; i < 51; i += 1) await admin("DELETE", `/sales/${sale.id}`);
  const target = encodeURIComponent(`sale/${sale.id}`);
  type Page = { entries: LogEntry[]; nextCursor?: string };
  const first = (await admin<Page>("GET", `/log?target=${target}`)).body;
  expect(first.entries).toHaveLength(50);
  const second = await admin<Page>("GET", `/log?target=${target}&cursor=${first.nextCursor}`);
  expect(second.body.entries).toHaveLength(1);
  expect(second.body).not.toHaveProperty("nextCursor");
});

test.each([
  "?cursor=x",
  "?cursor=-1",
  "?cursor=",
  "?cursor=99999999999999999999",
  `?target=${"x".repeat(301)}`,
])("rejects %s", async (query) => {
  const answer = await admin("GET", `/log${query}`);
  expect(answer.code).toBe("invalid_request");
  expect(contractFaults(answer)).toEqual([]);
});

test.each(["?target=", "?target=%00", "?target=%ff", "?target='--", "?cursor=0"])(
  "finds nothing for %s",
  async (query) => {
    expect(await entries(query)).toEqual([]);
  },
);

test("no route changes or removes an entry", async () => {
  for (const method of ["PUT", "POST", "DELETE"]) {
    for (const path of ["/log", "/log/1"]) {
      expect((await admin(method, path, { body: {} })).status).toBeGreaterThanOrEqual(404);
    }
  }
});

test("a later page of the log does not claim that nobody ever changed anything", async () => {
  await putSale(aSale());
  const cookie = await signedIn(ADMIN_TOKEN);
  const page = await pageText("/admin/log?cursor=1", cookie);
  expect(page).toContain("There are no older entries.");
  expect(await pageText("/admin/log?target=sale/none", cookie)).toContain("Nobody has changed");
});
