// When the watch evaluates the rules, what that costs, and who sees and tests the alerts.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { AlertList } from "../../src/alerts/client.ts";
import type { Ended } from "../../src/alerts/decide-alerts.ts";
import { newNotice } from "../../src/alerts/notice.ts";
import { AlertTables, MIGRATIONS } from "../../src/alerts/tables.ts";
import { requireConfig } from "../../src/config/config.ts";
import { THRESHOLDS } from "../../src/observability/alert-thresholds.ts";
import { reconcile } from "../../src/reconcile.ts";
import { showPage, signedIn } from "../support/console.ts";
import { ADMIN_TOKEN, admin, call, contractFaults, VIEWER_TOKEN } from "../support/http.ts";
import { counted } from "../support/metrics.ts";
import { emptyRedis, KEYS, redis, redisIsBack, redisIsDown } from "../support/redis.ts";
import { aSale, putSale } from "../support/shop.ts";
import { ddlOf, versionOf } from "../support/tables.ts";
import {
  emptyWatch,
  ended,
  evaluate,
  firing,
  givenDay,
  givenReceiver,
  inside,
  restartWatch,
  ring,
  shownAlerts,
} from "./watch.ts";

beforeEach(emptyRedis);
beforeEach(emptyWatch);

const LATE = { rule: "alerts_late", about: "deployment" } as const;
const WHICH = { rule: "dead_letters", about: "deployment" } as const;
const HOUR_MS = 3_600_000;

const nextAlarm = () => inside((_, { storage }) => storage.getAlarm());
const cron = () => reconcile(env, requireConfig(env), Date.now());
const givenLetter = () => redis("HSET", KEYS.deadLetters, "letter", "{}");

/** One shard of the metrics does not answer, so the figures are not known. */
function givenLostShard(): () => void {
  const real = env.METRICS.getByName.bind(env.METRICS);
  const spy = vi.spyOn(env.METRICS as DurableObjectNamespace, "getByName");
  spy.mockImplementation((name) => {
    if (name === "shard-3") throw new Error("the shard is gone");
    return real(name) as unknown as DurableObjectStub;
  });
  onTestFinished(() => spy.mockRestore());
  return () => spy.mockRestore();
}

describe("the watch", () => {
  test("has no alarm while nothing is on sale and nothing is wrong", async () => {
    givenDay();
    await cron();
    expect(await nextAlarm()).toBeNull();
    await evaluate();
    expect(await nextAlarm()).toBeNull();
  });

  test("is woken by the scheduled run from ten minutes before a sale to an hour after it", async () => {
    const day = givenDay();
    const [opensAt, closesAt] = [Date.now() + HOUR_MS, Date.now() + 2 * HOUR_MS];
    await putSale(
      aSale({
        opensAt: new Date(opensAt).toISOString(),
        closesAt: new Date(closesAt).toISOString(),
      }),
    );
    await cron();
    expect(await nextAlarm()).toBeNull();
    day.pass(3_000);
    await cron();
    expect(await nextAlarm()).toBe(Date.now());
    await evaluate();
    expect(await nextAlarm()).toBe(Date.now() + 10_000);
    day.pass(600 + 7_200);
    await evaluate();
    expect(await nextAlarm()).toBeNull();
  });

  test("goes on while an alert fires, after a restart too", async () => {
    const day = givenDay();
    await givenLetter();
    await evaluate();
    expect(await nextAlarm()).toBe(Date.now() + 60_000);
    await inside((_, { storage }) => storage.deleteAlarm());
    day.pass(10);
    await restartWatch();
    expect(await nextAlarm()).toBe(Date.now() + 60_000);
    expect(firing(await shownAlerts(), WHICH)).toBeDefined();
  });

  test("starts and ends nothing while it does not know all figures", async () => {
    const day = givenDay();
    await givenLetter();
    await evaluate();
    await redis("DEL", KEYS.deadLetters);
    givenLostShard();
    for (let minute = 0; minute < 5; minute += 1) {
      day.pass(60);
      expect(firing(await evaluate(), WHICH)).toMatchObject({ value: 1 });
    }
  });

  test("says that it is late once the rules could not be evaluated for a minute, until they are", async () => {
    const day = givenDay();
    await putSale(aSale());
    await evaluate();
    const readyz = async () => (await call<{ alerts: object }>("GET", "/readyz")).body.alerts;
    expect(await readyz()).toEqual({ evaluatedAt: new Date().toISOString() });
    const shardIsBack = givenLostShard();
    day.pass(10);
    const failedAt = new Date().toISOString();
    await ring();
    expect(await shownAlerts()).not.toHaveProperty("lateSince");
    day.pass(61);
    await ring();
    expect(await shownAlerts()).toMatchObject({ lateSince: failedAt });
    expect(await readyz()).toMatchObject({ lateSince: failedAt });
    shardIsBack();
    const page = await showPage("/admin/alerts", await signedIn(ADMIN_TOKEN));
    expect(page.body).toContain("have not been evaluated since");

    await evaluate();
    expect(await shownAlerts()).not.toHaveProperty("lateSince");
    expect(await counted("alerts_evaluated_timestamp_seconds")).toBe(Date.now() / 1_000);
  });

  test("tells once that it is late, however long that lasts, and once that it is not any more", async () => {
    const day = givenDay();
    const received = await givenReceiver();
    await putSale(aSale());
    await evaluate();
    const shardIsBack = givenLostShard();
    for (let tries = 0; tries < 30; tries += 1) {
      day.pass(10);
      await ring();
    }
    expect(firing(await shownAlerts(), LATE)).toMatchObject({ value: 290, threshold: 60 });
    shardIsBack();
    await evaluate();
    day.pass(60);
    expect(ended(await evaluate(), LATE)).toHaveLength(1);
    expect(received.map(({ body }) => body.type)).toEqual(["alert.started", "alert.ended"]);
    for (const { body } of received) expect(body.alert).toMatchObject(LATE);
  });

  test("starts and ends nothing about dead letters while Redis is down", async () => {
    const day = givenDay();
    await putSale(aSale());
    await givenLetter();
    await evaluate();
    await redis("DEL", KEYS.deadLetters);
    await redisIsDown();
    day.pass(120);
    expect(firing(await evaluate(), WHICH)).toMatchObject({ value: 1 });
    await redisIsBack();
  });

  test("uses the thresholds that are set", async () => {
    givenDay();
    await inside((watch) => {
      const config = requireConfig((watch as unknown as { env: object }).env);
      config.ALERT_THRESHOLDS = { ...THRESHOLDS, dead_letters: 1 };
      onTestFinished(() => void delete config.ALERT_THRESHOLDS);
    });
    await givenLetter();
    expect(firing(await evaluate(), WHICH)).toBeUndefined();
    await redis("HSET", KEYS.deadLetters, "another", "{}");
    expect(firing(await evaluate(), WHICH)).toMatchObject({ value: 2, threshold: 1 });
  });

  test("writes no row but its alarm while all is well", async () => {
    givenDay();
    await putSale(aSale());
    await evaluate();
    const written = () =>
      inside(
        (_, { storage: { sql } }) =>
          sql.exec<{ rows: number }>("SELECT total_changes() AS rows").one().rows,
      );
    const before = await written();
    await evaluate();
    expect(await written()).toBe(before + 2); // the test deletes the alarm, and the object sets it
  });

  test("keeps the last 100 alerts that ended, and the notices of others only while they are owed", async () => {
    const at = (index: number): Ended => ({
      id: `dead_letters/deployment/${index}`,
      ...{ ...WHICH, value: 0, threshold: 0 },
      ...{ since: index, startedAt: index, calmSince: index, seenAt: index, endedAt: index },
    });
    await inside((_, { storage: { sql } }) => {
      const tables = new AlertTables(sql);
      for (let index = 0; index < 130; index += 1) {
        const alert = at(index);
        const notice = newNotice(alert, "ended", index);
        tables.saveNotice(index === 7 ? notice : { ...notice, dueAt: null });
        tables.addEnded([alert]);
      }
      expect(tables.ended().map(({ endedAt }) => endedAt)).toEqual(
        Array.from({ length: 100 }, (_, index) => 129 - index),
      );
      expect(tables.owed()).toHaveLength(1);
      expect(sql.exec("SELECT count(*) AS rows FROM notices").one().rows).toBe(101);
    });
  });

  test("stores its tables as released", async () => {
    const tables = await inside((_, { storage }) => ddlOf(storage.sql));
    expect(tables).toEqual({
      schema_version:
        "CREATE TABLE schema_version ( id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)",
      alerts: "CREATE TABLE alerts (id TEXT PRIMARY KEY, alert TEXT NOT NULL)",
      ended:
        "CREATE TABLE ended (id TEXT PRIMARY KEY, ended_at INTEGER NOT NULL, alert TEXT NOT NULL)",
      notices:
        "CREATE TABLE notices (id TEXT PRIMARY KEY, alert_id TEXT NOT NULL, due_at INTEGER, notice TEXT NOT NULL)",
    });
    expect(await inside((_, { storage }) => versionOf(storage.sql))).toBe(MIGRATIONS.length);
  });
});

describe("the operator's API", () => {
  test("shows viewers what fires, and what to do", async () => {
    givenDay();
    await givenLetter();
    await evaluate();
    const answer = await call<AlertList>("GET", "/api/admin/alerts", { token: VIEWER_TOKEN });
    expect(answer.status).toBe(200);
    expect(answer.body.firing).toMatchObject([
      { ...WHICH, severity: "warning", value: 1, threshold: 0, unit: "letters" },
    ]);
    expect(answer.body.firing[0]?.advice).toContain("dead-letters");
    expect((await call("GET", "/api/admin/alerts")).status).toBe(401);
  });

  test("tests the receiver, and logs who did", async () => {
    const received = await givenReceiver();
    const answer = await admin("POST", "/alerts/test");
    expect(answer).toMatchObject({ status: 200, body: { delivered: true } });
    expect(received.map(({ body }) => body)).toMatchObject([{ type: "alert.test" }]);
    const log = await admin<{ entries: object[] }>("GET", "/log?target=deployment");
    expect(log.body.entries[0]).toMatchObject({ action: "alerts.tested", outcome: "done" });
  });

  test("says that the receiver refused the test", async () => {
    await givenReceiver(() => 401);
    const answer = await admin("POST", "/alerts/test");
    expect(answer).toMatchObject({ status: 503, code: "unavailable" });
    expect(answer.body.detail).toBe("Not delivered: the receiver answered 401");
    expect(contractFaults(answer)).toEqual([]);
  });

  test("refuses a test without a receiver", async () => {
    const answer = await admin("POST", "/alerts/test");
    expect(answer).toMatchObject({ status: 400, code: "invalid_request" });
    expect(answer.body.issues).toMatchObject([{ path: "ALERT_WEBHOOK_URL" }]);
  });

  test("lets no viewer send a test", async () => {
    const received = await givenReceiver();
    const answer = await call("POST", "/api/admin/alerts/test", { token: VIEWER_TOKEN });
    expect(answer).toMatchObject({ status: 403, code: "forbidden" });
    expect(received).toEqual([]);
  });
});
