// When a notice is sent, and what it says, apart from any receiver.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Alert } from "../../src/alerts/decide-alerts.ts";
import { bodyFor, type News, textOf } from "../../src/alerts/formats.ts";
import { afterTry, inTurn, type Notice, newNotice } from "../../src/alerts/notice.ts";
import { RULES } from "../../src/alerts/rules.ts";
import { THRESHOLDS } from "../../src/observability/alert-thresholds.ts";

const NOW = Date.UTC(2026, 11, 1, 9);
const DAY_MS = 86_400_000;
const LONGEST_PAUSE_MS = 750_000;

const anAlert = (changes: Partial<Alert> = {}): Alert => ({
  id: "outbox_old/sale/drop/1",
  ...{ rule: "outbox_old", about: "sale/drop", skuId: "runner-42", value: 75.4, threshold: 60 },
  ...{ since: NOW, startedAt: NOW, calmSince: null, seenAt: NOW },
  ...changes,
});

test("a notice is sent again with growing pauses, for a day, and then given up", () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (randoms) => {
      let notice: Notice = newNotice(anAlert(), "started", NOW);
      let [now, pause] = [NOW, 0];
      for (const random of randoms) {
        notice = afterTry(notice, "answered 500", now, random);
        if (notice.dueAt === null) break;
        expect(notice.dueAt - now).toBeGreaterThan(Math.min(pause, LONGEST_PAUSE_MS * 0.8) * 0.8);
        expect(notice.dueAt - now).toBeLessThanOrEqual(LONGEST_PAUSE_MS);
        pause = notice.dueAt - now;
        now = notice.dueAt;
      }
      expect(now - NOW).toBeGreaterThan(DAY_MS - LONGEST_PAUSE_MS);
      expect(now - NOW).toBeLessThanOrEqual(DAY_MS);
      expect(notice).toMatchObject({ fault: "answered 500", tries: expect.any(Number) });
    }),
  );
});

test("a notice that was accepted is not sent again", () => {
  const failed = afterTry(newNotice(anAlert(), "started", NOW), "answered 500", NOW);
  const accepted = afterTry(failed, undefined, NOW + 10_000);
  expect(accepted).toMatchObject({ dueAt: null, deliveredAt: NOW + 10_000, tries: 2 });
  expect(accepted).not.toHaveProperty("fault");
});

test("the end of an alert waits for its start, but for no other alert", () => {
  const [alert, other] = [anAlert(), anAlert({ id: "another" })];
  const start = newNotice(alert, "started", NOW);
  const [end, otherEnd] = [newNotice(alert, "ended", NOW), newNotice(other, "ended", NOW)];
  expect(inTurn([start, end, otherEnd])).toEqual([start, otherEnd]);
  expect(inTurn([end])).toEqual([end]);
});

test("every rule has a threshold, and says what to do in words that no receiver interprets", () => {
  expect(RULES.map(({ name }) => name).toSorted()).toEqual(Object.keys(THRESHOLDS).toSorted());
  for (const { name, advice } of RULES) {
    const text = textOf({ kind: "started", alert: anAlert({ rule: name }) });
    expect(text).toContain(advice);
    expect(text).not.toMatch(/[<>&*`]/);
    expect(text.length).toBeLessThan(500);
  }
});

test("states the value, its limit, and what it is about", () => {
  const text = (changes: Partial<Alert>, kind: News["kind"] = "started") =>
    textOf({ kind, alert: anAlert(changes) });
  expect(text({})).toContain("(sale/drop, sku/runner-42: 75 seconds, limit 60 seconds)");
  expect(text({ rule: "shedding", value: 0.1234, threshold: 0.01 })).toContain("12.3 %, limit 1 %");
  expect(text({ rule: "dead_letters", value: 1 }, "ended")).toMatch(/^Over: .+1 letter, /);
});

test("a test resolves nothing and opens an incident of the least severity at PagerDuty", () => {
  const news: News = { id: "test/1", kind: "test", alert: anAlert(), at: NOW };
  const config = { ALERT_FORMAT: "pagerduty", ALERT_PAGERDUTY_KEY: "key" } as const;
  expect(bodyFor(config as never, news)).toMatchObject({
    event_action: "trigger",
    dedup_key: "test/1",
    payload: { severity: "info" },
  });
});
