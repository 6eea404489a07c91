// The operator's API for switches: changes, previews, expiry, two operators, and bad input.
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { requireConfig } from "../../src/config/config.ts";
import { reconcile } from "../../src/reconcile.ts";
import { copyInRedis } from "../catalog/catalog-copy.ts";
import { givenClock } from "../support/clock.ts";
import { admin, call, contractFaults } from "../support/http.ts";
import {
  emptyRedis,
  redisCost,
  redisIsBack,
  redisIsDown,
  redisRefusesWrites,
} from "../support/redis.ts";
import {
  aBuyer,
  aSale,
  aSku,
  bought,
  order,
  putSale,
  stockPublished,
  tally,
} from "../support/shop.ts";
import {
  changeSwitches,
  givenSwitches,
  noSwitches,
  type Shown,
  showSwitches,
} from "../support/switches.ts";

beforeAll(emptyRedis);
afterEach(noSwitches);

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();
const tagOf = (answer: { headers: Headers }) => answer.headers.get("etag") ?? "";
const READ_ONLY = { name: "readOnly", value: true };

test("lists the switches that are set, with reason, author and time", async () => {
  expect((await showSwitches()).body).toEqual({ switches: [], automatic: [] });
  const sale = await putSale(aSale());
  const until = inSeconds(60);
  const paused = { name: "paused", sale: sale.id, value: true, until, notice: "Back at nine" };
  await changeSwitches([paused, { name: "limits", value: 0.5 }], { reason: "a wrong price" });
  const { switches } = (await showSwitches()).body;
  const by = { reason: "a wrong price", by: expect.any(String), since: expect.any(String) };
  expect(switches).toEqual(
    expect.arrayContaining([
      { ...paused, ...by },
      { name: "limits", value: 0.5, ...by },
    ]),
  );
  expect(switches).toHaveLength(2);
});

test("changes only the switches that it names, and repeats without an effect", async () => {
  await givenSwitches(READ_ONLY);
  const first = await changeSwitches([{ name: "liveStockOff", value: true }]);
  const again = await changeSwitches([{ name: "liveStockOff", value: true }], {
    reason: "another",
  });
  expect(first.body.edits).toHaveLength(1);
  expect(again.body.edits).toEqual([]);
  expect(again.body.switches).toEqual(first.body.switches);
  expect(tagOf(again)).toBe(tagOf(first));
  expect(first.body.switches.map(({ name }) => name).toSorted()).toEqual([
    "liveStockOff",
    "readOnly",
  ]);
});

describe("two operators", () => {
  test("cannot overwrite each other's change", async () => {
    const before = tagOf(await showSwitches());
    const headers = { "if-match": before };
    const answers = await Promise.all(
      [2, 3, 4, 5].map((value) => changeSwitches([{ name: "limits", value }], { headers })),
    );
    expect(tally(answers)).toEqual({ 200: 1, precondition_failed: 3 });
    const won = answers.find(({ status }) => status === 200);
    expect((await showSwitches()).body.switches).toEqual(won?.body.switches);
    for (const answer of answers) expect(contractFaults(answer)).toEqual([]);
  });

  test("are both applied without a condition, if they change different switches", async () => {
    await Promise.all([
      changeSwitches([READ_ONLY]),
      changeSwitches([{ name: "orderHistoryOff", value: true }]),
    ]);
    expect((await showSwitches()).body.switches).toHaveLength(2);
  });

  test("also protect the pause of a sale with If-Match", async () => {
    const sale = await putSale(aSale());
    const body = { reason: "a test" };
    const path = `/sales/${sale.id}/pause`;
    const old = await admin("POST", path, { body, headers: { "if-match": '"1"' } });
    expect(old).toMatchObject({ status: 412, code: "precondition_failed" });
    const headers = { "if-match": tagOf(await showSwitches()) };
    expect((await admin("POST", path, { body, headers })).status).toBe(200);
  });
});

describe("a preview", () => {
  test("says what would change, which sales, and how many units are held, and changes nothing", async () => {
    const sku = aSku({ price: 100 });
    const [sale, other] = [await putSale(aSale({ skus: [sku] })), await putSale(aSale())];
    await bought(await aBuyer(), sku.id);
    await stockPublished(sku.id, 9);
    const tag = tagOf(await showSwitches());
    const one = await changeSwitches([{ name: "closed", sku: sku.id, value: true }], {
      query: "?preview=true",
    });
    expect(one.body).toMatchObject({
      preview: true,
      switches: [],
      edits: [{ name: "closed", sku: sku.id, before: null, after: { value: true } }],
      affected: { sales: [{ id: sale.id, state: "open", heldUnits: 1 }], moreSales: 0 },
    });
    const all = await changeSwitches([READ_ONLY], { query: "?preview=true" });
    const ids = all.body.affected?.sales.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([sale.id, other.id]));
    expect(tagOf(await showSwitches())).toBe(tag);
    expect((await order(await aBuyer(), sku.id)).status).toBe(202);
  });

  test("pauses nothing, if it is of a pause", async () => {
    const sku = aSku();
    const sale = await putSale(aSale({ skus: [sku] }));
    const path = `/sales/${sale.id}/pause?preview=true`;
    const { body } = await admin<Shown>("POST", path, { body: { reason: "a test" } });
    expect(body).toMatchObject({ preview: true, affected: { sales: [{ id: sale.id }] } });
    expect((await order(await aBuyer(), sku.id)).status).toBe(202);
  });

  test("that is misspelled is refused, and changes nothing", async () => {
    for (const query of ["?preview=1", "?preview=", "?preview=yes"]) {
      expect((await changeSwitches([READ_ONLY], { query })).code).toBe("invalid_request");
    }
    expect((await showSwitches()).body.switches).toEqual([]);
  });
});

test("warns that a hold does not wait for paused payments forever", async () => {
  const setting = { name: "paymentsPaused", value: true };
  const endless = await changeSwitches([setting], { query: "?preview=true" });
  expect(endless.body.warnings?.[0]).toContain("30 minutes");
  const short = [{ ...setting, until: inSeconds(600) }];
  expect((await changeSwitches(short, { query: "?preview=true" })).body.warnings).toBeUndefined();
});

test("drops a switch from the list once it has ended, without a message", async () => {
  await givenSwitches({ ...READ_ONLY, until: inSeconds(60) });
  givenClock(Date.now() + 60_000);
  expect((await showSwitches()).body.switches).toEqual([]);
});

test("is published again after Redis was emptied", async () => {
  const sku = aSku();
  await putSale(aSale({ skus: [sku] }));
  await givenSwitches(READ_ONLY);
  await emptyRedis();
  await reconcile(env, requireConfig(env), Date.now());
  expect((await copyInRedis())?.switches).toMatchObject([READ_ONLY]);
  expect((await order(await aBuyer(), sku.id)).code).toBe("unavailable");
});

test("says so if edges cannot learn of a change, and publishes it on the next try", async () => {
  const refusing = redisRefusesWrites();
  const failed = await changeSwitches([READ_ONLY]);
  expect(failed).toMatchObject({ status: 503, code: "unavailable" });
  expect(contractFaults(failed)).toEqual([]);
  refusing.mockRestore();
  expect((await changeSwitches([READ_ONLY])).status).toBe(200);
  expect((await copyInRedis())?.switches).toMatchObject([READ_ONLY]);
});

test("reaches orders while Redis is down", async () => {
  const sku = aSku();
  const sale = await putSale(aSale({ skus: [sku] }));
  await redisIsDown();
  const { status } = await admin("POST", `/sales/${sale.id}/pause`, { body: { reason: "a test" } });
  expect(status).toBe(200);
  expect((await order(await aBuyer(), sku.id)).code).toBe("sale_paused");
  await redisIsBack();
});

test("names what an isolate switched off by itself while Redis is down", async () => {
  await putSale(aSale());
  await redisIsDown();
  const buyer = await aBuyer();
  for (let i = 0; i < 6; i += 1) await call("GET", "/api/orders", { token: buyer.token });
  const { automatic } = (await showSwitches()).body;
  expect(automatic).toMatchObject([
    { name: "orderHistoryOff", scope: "this isolate" },
    { name: "liveStockOff", scope: "this isolate" },
  ]);
  expect(automatic[0]?.reason).toContain("Redis");
});

test("costs no Redis command to list, and two to change", async () => {
  await showSwitches();
  expect((await redisCost(showSwitches)).commands).toBe(0);
  const { commands } = await redisCost(() => changeSwitches([READ_ONLY]));
  expect(commands).toBeLessThanOrEqual(2);
});

test("logs a change with its reason and what it changed, but no preview", async () => {
  const sale = await putSale(aSale());
  const path = `/sales/${sale.id}/pause`;
  const body = { reason: "a wrong price", notice: "One moment" };
  await admin("POST", `${path}?preview=true`, { body });
  await admin("POST", path, { body });
  await admin("POST", `/sales/${sale.id}/resume`, { body: { reason: "it is right" } });
  const log = await admin<{ entries: object[] }>("GET", `/log?target=sale/${sale.id}`);
  const about = { action: "switches.changed", outcome: "done" };
  const name = `paused/sale/${sale.id}`;
  expect(log.body.entries.slice(0, -1)).toMatchObject([
    {
      ...about,
      reason: "it is right",
      changes: [
        { path: `${name}.value`, before: true },
        { path: `${name}.notice`, before: "One moment" },
      ],
    },
    {
      ...about,
      reason: "a wrong price",
      changes: [
        { path: `${name}.value`, after: true },
        { path: `${name}.notice`, after: "One moment" },
      ],
    },
  ]);
});

describe("bad input", () => {
  const cases: [object | string | number | null, string][] = [
    [{ ...READ_ONLY, value: "true" }, "switches.0.value"],
    [{ ...READ_ONLY, value: 1 }, "switches.0.value"],
    [{ ...READ_ONLY, sale: "a-sale" }, "switches.0"],
    [{ ...READ_ONLY, extra: 1 }, "switches.0"],
    [{ ...READ_ONLY, until: "2020-01-01T00:00:00Z" }, "switches.0.until"],
    [{ ...READ_ONLY, until: "2099-01-01T00:00:00Z" }, "switches.0.until"],
    [{ ...READ_ONLY, until: "tomorrow" }, "switches.0.until"],
    [{ ...READ_ONLY, until: 1 }, "switches.0.until"],
    [{ ...READ_ONLY, notice: " " }, "switches.0.notice"],
    [{ ...READ_ONLY, notice: "x".repeat(301) }, "switches.0.notice"],
    [{ ...READ_ONLY, value: false, notice: "x" }, "switches.0"],
    [{ name: "liveStockOff", value: true, notice: "x" }, "switches.0"],
    [{ name: "paused", value: true }, "switches.0.sale"],
    [{ name: "paused", value: true, sale: "NO ID" }, "switches.0.sale"],
    [{ name: "paused", value: true, sale: "no-such-sale" }, "switches.0.sale"],
    [{ name: "closed", value: true, sku: "no-such-sku" }, "switches.0.sku"],
    [{ name: "closed", value: true }, "switches.0.sku"],
    [{ name: "limits", value: 0.09 }, "switches.0.value"],
    [{ name: "limits", value: 10.1 }, "switches.0.value"],
    [{ name: "limits", value: "NaN" }, "switches.0.value"],
    [{ name: "challenge", value: "always" }, "switches.0.value"],
    [{ name: "noSuchSwitch", value: true }, "switches.0"],
    ["readOnly", "switches.0"],
    [null, "switches.0"],
    [7, "switches.0"],
  ];

  test.each(cases)("%j is refused with an issue at %s", async (setting, path) => {
    const answer = await changeSwitches([setting]);
    expect(answer).toMatchObject({ status: 400, code: "invalid_request" });
    expect(contractFaults(answer)).toEqual([]);
    expect(JSON.stringify(answer.body)).toContain(`"path":"${path}`);
    expect((await showSwitches()).body.switches).toEqual([]);
  });

  test.each([undefined, "", "  ", 7, "x".repeat(501), null])(
    "the reason %j is refused",
    async (reason) => {
      const body = { switches: [READ_ONLY], ...(reason === undefined ? {} : { reason }) };
      expect((await admin("PUT", "/switches", { body })).code).toBe("invalid_request");
      const sale = await putSale(aSale());
      const pause = { body: reason === undefined ? {} : { reason } };
      expect((await admin("POST", `/sales/${sale.id}/pause`, pause)).code).toBe("invalid_request");
    },
  );

  test("sets nothing if one of several switches is refused", async () => {
    const answer = await changeSwitches([READ_ONLY, { name: "closed", sku: "none", value: true }]);
    expect(answer.status).toBe(400);
    expect((await showSwitches()).body.switches).toEqual([]);
  });

  test("refuses one switch twice, no switch, and more than 50", async () => {
    const many = Array.from({ length: 51 }, (_, i) => ({
      name: "limits",
      sale: `s${i}`,
      value: 2,
    }));
    for (const switches of [[READ_ONLY, READ_ONLY], [], many, "all", undefined]) {
      expect((await changeSwitches(switches)).code).toBe("invalid_request");
    }
    const huge = await changeSwitches([READ_ONLY], { reason: "x".repeat(40_000) });
    expect(huge.code).toBe("payload_too_large");
  });

  test.each(["no-such-sale", "NOT%20AN%20ID", "%00"])("pausing %s is not found", async (id) => {
    for (const action of ["pause", "resume"]) {
      const answer = await admin("POST", `/sales/${id}/${action}`, { body: { reason: "a test" } });
      expect(answer).toMatchObject({ status: 404, code: "not_found" });
    }
  });

  test("is refused without the operator's token", async () => {
    const body = { reason: "a test", switches: [READ_ONLY] };
    for (const [method, path] of [
      ["GET", "/switches"],
      ["PUT", "/switches"],
      ["POST", "/sales/a/pause"],
    ] as const) {
      const options = method === "GET" ? {} : { body };
      expect((await call(method, `/api/admin${path}`, options)).code).toBe("unauthenticated");
    }
  });
});
