// Notices: the operator's webhook is told once when an alert starts and once when it ends, whatever fails meanwhile.
import { Webhook } from "standardwebhooks";
import { beforeEach, expect, test } from "vitest";
import { emptyRedis, KEYS, redis } from "../support/redis.ts";
import { aSale, putSale } from "../support/shop.ts";
import {
  calmDown,
  type Day,
  emptyWatch,
  ended,
  evaluate,
  firing,
  givenDay,
  givenReceiver,
  type Received,
  restartWatch,
  ring,
  SECRET,
} from "./watch.ts";

beforeEach(emptyRedis);
beforeEach(emptyWatch);

const WHICH = { rule: "dead_letters", about: "deployment" } as const;

/** A sale that is open, and a dead letter. */
async function givenFault(): Promise<Day> {
  const day = givenDay();
  await putSale(aSale());
  await redis("HSET", KEYS.deadLetters, "letter", "{}");
  return day;
}

const repaired = () => redis("DEL", KEYS.deadLetters);
const typesOf = (received: Received[]) => received.map(({ body }) => body.type);
const idsOf = (received: Received[]) => received.map(({ headers }) => headers["webhook-id"]);

test("tells the start and the end once each, signed", async () => {
  const received = await givenReceiver();
  const day = await givenFault();
  const started = firing(await evaluate(), WHICH);
  await evaluate();
  expect(typesOf(received)).toEqual(["alert.started"]);
  await repaired();
  const [over] = ended(await calmDown(day), WHICH);
  await evaluate();

  expect(typesOf(received)).toEqual(["alert.started", "alert.ended"]);
  for (const { headers, text } of received) {
    const verified = new Webhook(SECRET).verify(text, headers);
    expect(verified).toMatchObject({ alert: { id: started?.id, ...WHICH, severity: "warning" } });
    expect(headers["webhook-id"]).toBe((verified as { id: string }).id);
    expect(() => new Webhook(SECRET).verify(text.replace("letters", "x"), headers)).toThrow();
  }
  expect(received[0]?.body).toMatchObject({
    text: expect.stringMatching(/^Alert: .+ \(deployment: 1 letter, limit 0 letters\)\. /),
    alert: { value: 1, threshold: 0, since: started?.since },
  });
  expect(over?.delivery).toMatchObject({
    started: { state: "delivered" },
    ended: { state: "delivered" },
  });
});

test("sends a notice again under the same id until the receiver accepts it", async () => {
  const received = await givenReceiver((seen) => [500, 0, 302, 204][seen - 1] ?? 204);
  const day = await givenFault();
  for (const seconds of [7, 13, 25]) {
    const alert = firing(await evaluate(), WHICH);
    expect(alert?.delivery.started).toMatchObject({ state: "owed", fault: expect.any(String) });
    day.pass(seconds);
  }
  const alert = firing(await evaluate(), WHICH);
  expect(alert?.delivery.started).toMatchObject({ state: "delivered" });
  expect(received).toHaveLength(4);
  expect(new Set(idsOf(received)).size).toBe(1);
});

test("waits longer after each failure", async () => {
  const received = await givenReceiver(() => 500);
  const day = await givenFault();
  for (let second = 0; second < 60; second += 1) {
    await ring();
    day.pass(1);
  }
  expect(received.length).toBeGreaterThanOrEqual(3);
  expect(received.length).toBeLessThanOrEqual(5);
});

test("tells the end only after the start", async () => {
  let status = 500;
  const received = await givenReceiver(() => status);
  const day = await givenFault();
  await evaluate();
  await repaired();
  await calmDown(day);
  expect(new Set(typesOf(received))).toEqual(new Set(["alert.started"]));
  status = 204;
  received.length = 0;
  day.pass(600);
  await evaluate();
  await evaluate();
  expect(typesOf(received)).toEqual(["alert.started", "alert.ended"]);
});

test("owes its notices across a restart, and tells nothing twice", async () => {
  let status = 500;
  const received = await givenReceiver(() => status);
  const day = await givenFault();
  await evaluate();
  await restartWatch();
  status = 204;
  for (let time = 0; time < 3; time += 1) {
    day.pass(10);
    await evaluate();
    await restartWatch();
  }
  expect(typesOf(received)).toEqual(["alert.started", "alert.started"]);
  expect(new Set(idsOf(received)).size).toBe(1);
});

test("gives up after a day, and says so", async () => {
  await givenReceiver(() => 500);
  const day = await givenFault();
  await evaluate();
  await repaired();
  await calmDown(day);
  for (let hour = 0; hour < 25; hour += 1) {
    day.pass(3_600);
    await ring();
  }
  const [alert] = ended(await evaluate(), WHICH);
  expect(alert?.delivery.started).toMatchObject({
    state: "undelivered",
    fault: "the receiver answered 500",
  });
});

test("tells nobody without a receiver, and nothing afterwards once there is one", async () => {
  const day = await givenFault();
  expect(firing(await evaluate(), WHICH)?.delivery.started).toEqual({ state: "off" });
  const received = await givenReceiver();
  await evaluate();
  expect(received).toEqual([]);
  await repaired();
  await calmDown(day);
  expect(typesOf(received)).toEqual(["alert.ended"]);
});

test("speaks Slack's form", async () => {
  const received = await givenReceiver(undefined, { ALERT_FORMAT: "slack" });
  await givenFault();
  await evaluate();
  expect(received.map(({ body }) => Object.keys(body))).toEqual([["text"]]);
  expect(received[0]?.headers).not.toHaveProperty("webhook-signature");
});

test("opens and resolves one incident at PagerDuty", async () => {
  const received = await givenReceiver(undefined, {
    ALERT_FORMAT: "pagerduty",
    ALERT_PAGERDUTY_KEY: "0123456789abcdef0123456789abcdef",
  });
  const day = await givenFault();
  const alert = firing(await evaluate(), WHICH);
  await repaired();
  await calmDown(day);
  const shared = { routing_key: "0123456789abcdef0123456789abcdef", dedup_key: alert?.id };
  expect(received.map(({ body }) => body)).toMatchObject([
    { ...shared, event_action: "trigger", payload: { severity: "warning", source: "doorbuster" } },
    { ...shared, event_action: "resolve" },
  ]);
});
