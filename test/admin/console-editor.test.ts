// The console's editor of a sale, without a browser: create, change, copy, two editors, previews, and bad input.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { Texts } from "../../src/admin/console/form-texts.ts";
import { textsOf } from "../../src/admin/console/sale-document.ts";
import type { LogEntry } from "../../src/catalog/log-entry.ts";
import type { Sale, SaleView } from "../../src/catalog/schema.ts";
import { requireConfig } from "../../src/config/config.ts";
import {
  expectOperatorsOnly,
  expiredCookie,
  type Form,
  hiddenFields,
  pageText,
  postForm,
  showPage,
  signedIn,
  valueIn,
} from "../support/console.ts";
import { ADMIN_TOKEN, admin, VIEWER_TOKEN } from "../support/http.ts";
import { emptyRedis, redisIsBack } from "../support/redis.ts";
import { aSale, aSku, putSale, unique } from "../support/shop.ts";

const NEW = "/admin/new-sale";

let cookie = "";

beforeEach(async () => {
  await redisIsBack();
  await emptyRedis();
  cookie = await signedIn(ADMIN_TOKEN);
});

const show = (path: string) => pageText(path, cookie);
const send = (path: string, form: Form) => postForm(path, form, { cookie });
const editPath = (saleId: string) => `/admin/sales/${saleId}/edit`;
const etagIn = (html: string) => valueIn(html, "etag");

/** The sale as the operator's API has it. Undefined if there is none. */
async function stored(saleId: string): Promise<SaleView | undefined> {
  const { status, body } = await admin<SaleView>("GET", `/sales/${saleId}`);
  return status === 200 ? body : undefined;
}

const filled = (more: Texts = {}): Texts => ({
  ...textsOf(),
  ...{ id: unique("drop"), title: "Drop", description: "Big\r\nlamp" },
  ...{ opensAt: "2027-01-01T09:00", closesAt: "2027-01-02T09:00" },
  ...{ "skus.0.id": unique("lamp"), "skus.0.name": "Lamp", "skus.0.stock": "10" },
  ...{ "skus.0.unitPrice.amount": "12.50" },
  ...more,
});

/** The faults beside a field of a page. */
const faultOf = (html: string, name: string): string =>
  new RegExp(`data-fault="${name}"[^>]*>([^<]*)<`).exec(html)?.[1] ?? "";

describe("a new sale", () => {
  test("is saved as the form says, and recorded with the reason", async () => {
    const form = filled({ reason: "spring <drop>", step: "save" });
    const { status, location } = await send(NEW, form);
    expect([status, location]).toEqual([303, `${editPath(form.id ?? "")}?done=1`]);
    expect(await stored(form.id ?? "")).toMatchObject({
      ...{ title: "Drop", description: "Big\nlamp", opensAt: "2027-01-01T09:00:00.000Z" },
      skus: [{ unitPrice: { amount: 1_250, currency: "USD" }, stock: 10 }],
    });
    expect(await show(location ?? "")).toContain("Saved.");
    const target = encodeURIComponent(`sale/${form.id}`);
    const { body } = await admin<{ entries: LogEntry[] }>("GET", `/log?target=${target}`);
    const entries = body.entries.map(({ action, outcome, reason }) => [action, outcome, reason]);
    expect(entries).toEqual([["sale.saved", "done", "spring <drop>"]]);
  });

  test("can be edited at any size that the operator's API takes, in any script", async () => {
    const long = (length: number) => "漢".repeat(length);
    const skus = Array.from({ length: 50 }, () => aSku({ name: long(200), imageAlt: long(290) }));
    const sale = await putSale(aSale({ title: long(200), description: long(10_000), skus }));
    const etag = etagIn(await show(editPath(sale.id)));
    const form = { ...textsOf(sale), etag, title: "Shorter", step: "save" };
    expect((await send(editPath(sale.id), form)).status).toBe(303);
    expect(await stored(sale.id)).toMatchObject({ title: "Shorter", description: long(10_000) });
  });

  test("has the lanes that its form says, which can change later", async () => {
    const form = filled({ "skus.0.lanes": "3", step: "save" });
    const id = form.id ?? "";
    expect((await send(NEW, form)).status).toBe(303);
    expect((await stored(id))?.skus[0]?.lanes).toBe(3);
    const change = async (lanes: string) => {
      const page = await show(editPath(id));
      return send(editPath(id), { ...form, etag: etagIn(page), "skus.0.lanes": lanes });
    };
    expect(faultOf((await change("65")).body, "skus.0.lanes")).toBe("must be at most 64");
    expect((await change("1")).status).toBe(303);
    expect((await stored(id))?.skus[0]?.lanes).toBe(1);
    expect((await change("")).status).toBe(303);
    expect((await stored(id))?.skus[0]?.lanes).toBeUndefined();
  });

  test("does not replace another one with its id", async () => {
    const sale = await putSale(aSale());
    const { status, body } = await send(NEW, filled({ id: sale.id, title: "Mine" }));
    expect(status).toBe(412);
    expect(faultOf(body, "id")).toBe("is the id of another sale");
    expect(body).toContain('value="Mine"');
    expect((await stored(sale.id))?.title).toBe(sale.title);
  });

  test("is a copy of an earlier one with new ids and the same times of a later week", async () => {
    const theme = { accent: "#1d3fbf", seller: "Lamps & Co" };
    const sku = aSku({ id: unique("lamp-7-x"), price: 990 });
    const sale = await putSale(
      aSale({
        ...{ theme, skus: [sku], opensAt: "2026-01-05T09:00:00.000Z" },
        closesAt: "2026-01-05T10:30:00.000Z",
      }),
    );
    const page = await show(`${NEW}?from=${sale.id}`);
    const opensAt = /name="opensAt"[^>]*value="([^"]*)"/.exec(page)?.[1] ?? "";
    const shift = Date.parse(`${opensAt}:00Z`) - Date.parse(sale.opensAt);
    expect(shift % (7 * 24 * 3_600_000)).toBe(0);
    expect(Date.parse(`${opensAt}:00Z`)).toBeGreaterThan(Date.now());
    expect(valueIn(page, "from")).toBe(sale.id);
    const copy = textsOf({ ...sale, id: unique("copy"), skus: [{ ...sku, id: unique("copied") }] });
    const times = { opensAt, closesAt: opensAt.replace("09:00", "10:30") };
    const { status } = await send(NEW, { ...copy, ...times, from: sale.id });
    expect(status).toBe(303);
    expect(await stored(copy.id ?? "")).toMatchObject({
      theme,
      closesAt: `${times.closesAt}:00.000Z`,
    });
    expect(await stored(sale.id)).toMatchObject({ closesAt: sale.closesAt });
  });

  test("is a copy of the one that opens last, if none is named", async () => {
    const opensAt = "9998-01-01T00:00:00.000Z";
    const sale = await putSale(aSale({ opensAt, closesAt: "9998-01-02T00:00:00.000Z" }));
    expect(valueIn(await show(`${NEW}?from=`), "from")).toBe(sale.id);
    await admin("DELETE", `/sales/${sale.id}`);
  });
});

describe("an edit", () => {
  /** A sale with settings that the form does not show. */
  const rich = (): Sale =>
    aSale({
      ...{
        language: "de",
        theme: { accent: "#1d3fbf", links: [{ label: "AGB", url: "https://a.test" }] },
      },
      skus: [aSku({ stock: 5 }), aSku({ price: 1_000 })],
    });

  test("keeps what the form does not show", async () => {
    const sale = await putSale(rich());
    const etag = etagIn(await show(editPath(sale.id)));
    const form = { ...textsOf(sale), title: "Another", etag };
    expect((await send(editPath(sale.id), form)).status).toBe(303);
    const { url: _, ...view } = (await stored(sale.id)) as SaleView;
    const skus = view.skus.map(({ stocked: _, ...sku }) => sku);
    expect({ ...view, skus }).toEqual({ ...sale, title: "Another" });
  });

  test("by two people: the second sees the differences, and can replace the first one's", async () => {
    const sale = await putSale(rich());
    const path = editPath(sale.id);
    const etag = etagIn(await show(path));
    expect((await send(path, { ...textsOf(sale), title: "First", etag })).status).toBe(303);
    const mine = { ...textsOf(sale), title: "Second <b>" };
    const { status, body } = await send(path, { ...mine, etag });
    expect(status).toBe(412);
    expect((await stored(sale.id))?.title).toBe("First");
    expect(body).toContain("Somebody else changed this sale meanwhile");
    expect(body).toMatch(/<th scope="row">title<\/th><td><bdi class="words">First<\/bdi>/);
    expect(body).toContain('value="Second &lt;b&gt;"');
    const newer = etagIn(body);
    expect(newer).not.toBe(etag);
    expect((await send(path, { ...mine, etag: newer })).status).toBe(303);
    expect((await stored(sale.id))?.title).toBe("Second <b>");
  });

  test("says so if somebody deleted the sale, keeps the input, and can create it again", async () => {
    const sale = await putSale(aSale());
    const path = editPath(sale.id);
    const form = { ...textsOf(sale), title: "Again", etag: etagIn(await show(path)) };
    await admin("DELETE", `/sales/${sale.id}`);
    const { status, body } = await send(path, form);
    expect(status).toBe(412);
    expect(body).toContain("Somebody else deleted this sale");
    expect(await stored(sale.id)).toBeUndefined();
    expect((await send(path, { ...form, etag: etagIn(body) })).status).toBe(303);
    expect((await stored(sale.id))?.title).toBe("Again");
  });

  test("never changes the id", async () => {
    const sale = await putSale(aSale());
    const etag = etagIn(await show(editPath(sale.id)));
    const form = { ...textsOf(sale), id: unique("other"), etag };
    expect((await send(editPath(sale.id), form)).location).toBe(`${editPath(sale.id)}?done=1`);
    expect(await stored(form.id)).toBeUndefined();
  });

  test("says beside the field what only the ledgers and the registry know", async () => {
    const other = await putSale(aSale());
    const sale = await putSale(aSale());
    const etag = etagIn(await show(editPath(sale.id)));
    const taken = { ...textsOf(sale), "skus.0.id": other.skus[0]?.id ?? "", etag };
    const { status, body } = await send(editPath(sale.id), taken);
    expect(status).toBe(400);
    expect(faultOf(body, "skus.0.id")).toBe(`belongs to the sale ${other.id}`);
  });

  test("is not found for an unknown sale", async () => {
    for (const id of ["unknown", "A", "%00"]) {
      expect([id, (await showPage(editPath(id), cookie)).status]).toEqual([id, 404]);
    }
  });
});

test("adds and removes items without JavaScript, keeps the input, and saves nothing", async () => {
  const form = filled();
  const added = (await send(NEW, { ...form, step: "add.skus" })).body;
  expect(added).toContain("Item 2");
  expect(added).toContain('value="12.50"');
  const two = { ...form, "skus.1.id": "mug", "skus.1.name": "Mug" };
  const removed = (await send(NEW, { ...two, step: "remove.skus.0" })).body;
  expect(removed).toContain('value="Mug"');
  expect(removed).not.toContain("Item 2");
  expect(await stored(form.id ?? "")).toBeUndefined();
});

test("checks a draft without saving it", async () => {
  const form = filled({ step: "check" });
  expect((await send(NEW, form)).status).toBe(200);
  const { status, body } = await send(NEW, { ...form, "skus.0.stock": "many" });
  expect(status).toBe(400);
  expect(faultOf(body, "skus.0.stock")).toBe("must be a number");
  expect(await stored(form.id ?? "")).toBeUndefined();
});

test("shows the page of a draft, privately, where it can run no script and send no form", async () => {
  const form = filled({ step: "preview", title: "Soon <here>" });
  const { status, body, headers } = await send(NEW, form);
  expect(status).toBe(200);
  expect(body).toContain("Soon &lt;here&gt;");
  expect(headers.get("cache-control")).toBe("private, no-store");
  expect(headers.get("content-security-policy")).toMatch(/frame-ancestors 'self'.*; sandbox$/);
  expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
  expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(await stored(form.id ?? "")).toBeUndefined();
  const broken = await send(NEW, { ...form, title: "" });
  expect(broken.status).toBe(400);
  expect(broken.headers.get("content-security-policy")).toContain("sandbox");
});

describe("bad input", () => {
  test.each<[field: string, text: string, fault: string, beside?: string]>([
    ["title", "", "is required"],
    ["opensAt", "soon", "must be a date and time such as 2026-12-01T09:00:00Z"],
    ["closesAt", "2026-01-01T00:00", "must be after opensAt"],
    ["imageUrl", "javascript:alert(1)", "use a complete https:// address"],
    ["skus.0.unitPrice.amount", "0.01", "must be 0 (free) or at least"],
    ["skus.0.unitPrice.currency", "XAU", "not an active", "skus.0.unitPrice.amount"],
    ["skus.0.stock", "-1", "must be at least 0"],
  ])(
    "in %s is said beside the field and kept: “%s”",
    async (field, text, fault, beside = field) => {
      const form = filled({ [field]: text });
      const { status, body } = await send(NEW, form);
      expect(status).toBe(400);
      expect(faultOf(body, beside)).toContain(fault);
      expect(body).toContain(`value="${text}"`);
      expect(await stored(form.id ?? "")).toBeUndefined();
    },
  );

  test("is a challenge that the deployment cannot check", async () => {
    const config = requireConfig(env);
    const before = config.TURNSTILE_SECRET;
    onTestFinished(() => void Object.assign(config, { TURNSTILE_SECRET: before }));
    Object.assign(config, { TURNSTILE_SECRET: undefined });
    const form = filled({ "protection.challenge.mode": "always" });
    const { status, body } = await send(NEW, form);
    expect(status).toBe(400);
    expect(faultOf(body, "protection.challenge.mode")).toContain("needs TURNSTILE_SITE_KEY");
    expect(body).toMatch(/<option value="always" selected/);
    expect(await stored(form.id ?? "")).toBeUndefined();
  });

  test.each<[string, Form]>([
    ["no field at all", {}],
    ["an unknown field", filled({ admin: "1" })],
    ["a prototype", filled({ "__proto__.x": "1", "constructor.prototype": "1" })],
    ["a row beyond any", filled({ "skus.100.id": "a" })],
    [
      "fifty-one items",
      filled(Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`skus.${n}.id`, `a${n}`]))),
    ],
    ["a broken tag", filled({ etag: '"x' })],
    ["an unknown button", filled({ step: "sell" })],
    ["a huge text", filled({ title: "x".repeat(20_001) })],
    ["a huge reason", filled({ reason: "x".repeat(501) })],
  ])("with %s is refused with a page that says so", async (_, form) => {
    const { status, body } = await send(NEW, form);
    expect(status).toBe(400);
    expect(body).toContain('role="alert"');
    if (form.id) expect(await stored(form.id)).toBeUndefined();
  });

  test("is refused if it is larger than any sale", async () => {
    const { status, body } = await send(NEW, { title: "x".repeat(500_000) });
    expect([status, body.includes("At most")]).toEqual([400, true]);
  });
});

test("keeps what was typed if the sign-in ended meanwhile, and saves it after another one", async () => {
  const sale = await putSale(aSale());
  const path = editPath(sale.id);
  const etag = etagIn(await show(path));
  const title = `"A" & <b>'s`;
  const form = { ...textsOf(sale), etag, title, description: "two\r\nlines", step: "save" };
  const kept = await postForm(path, form, { cookie: expiredCookie() });
  expect(kept.status).toBe(401);
  expect(kept.headers.get("cache-control")).toBe("private, no-store");
  expect(kept.body).toContain(`<form method="post" action="${path}">`);
  expect((await stored(sale.id))?.title).toBe(sale.title);

  const fields = hiddenFields(kept.body);
  expect(fields).toEqual(form);
  expect((await send(path, fields)).status).toBe(303);
  expect(await stored(sale.id)).toMatchObject({ title, description: "two\nlines" });
});

test("keeps nothing of what another site sent", async () => {
  const path = editPath((await putSale(aSale())).id);
  for (const origin of ["https://evil.test", null]) {
    const { body } = await postForm(path, { title: "Planted" }, { cookie: "", origin });
    expect(body).not.toContain("Planted");
  }
});

test("shows a viewer the fields without buttons, and takes sales from operators only", async () => {
  const sale = await putSale(aSale());
  const { body } = await showPage(editPath(sale.id), await signedIn(VIEWER_TOKEN));
  expect(body).toContain('<fieldset class="change" disabled');
  expect(body).not.toContain('value="preview"');
  expect(await pageText("/admin", await signedIn(VIEWER_TOKEN))).not.toContain(NEW);
  for (const step of ["save", "check", "preview", "add.skus"]) {
    await expectOperatorsOnly(editPath(sale.id), { ...textsOf(sale), title: "Stolen", step });
  }
  expect((await stored(sale.id))?.title).toBe(sale.title);
});
