// Control of the watch in tests: its clock, its evaluations, and a receiver of its notices.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { onTestFinished, vi } from "vitest";
import type { AlertWatch } from "../../src/alerts/alert-watch.ts";
import type { AlertList, AlertView } from "../../src/alerts/client.ts";
import { type Config, requireConfig } from "../../src/config/config.ts";
import { flusher } from "../../src/observability/flush.ts";
import { givenClock } from "../support/clock.ts";
import { admin } from "../support/http.ts";

const DAY_MS = 86_400_000;
let days = 0;

/**
 * Stops the clock on a day of its own. That is far ahead, so no alarm rings by itself, and what other tests counted is too
 * old to matter.
 */
export function givenDay() {
  days += 3;
  const clock = givenClock(Date.now() + days * DAY_MS);
  return { pass: (seconds: number) => clock.moveTo(Date.now() + seconds * 1_000) };
}

export type Day = ReturnType<typeof givenDay>;

// A new stub each time, because a restart breaks the last one.
const stub = () => env.ALERT_WATCH.getByName("alerts") as unknown as DurableObjectStub<AlertWatch>;

export const inside = <T>(
  work: (watch: AlertWatch, state: DurableObjectState) => T | Promise<T>,
): Promise<T> => runInDurableObject(stub(), work);

/** Forgets all alerts and notices. */
export const emptyWatch = (): Promise<void> =>
  inside(async (_, { storage }) => {
    for (const table of ["alerts", "ended", "notices"]) storage.sql.exec(`DELETE FROM ${table}`);
    await storage.deleteAlarm();
  });

/** Clears the object's memory and keeps its storage. */
export async function restartWatch(): Promise<void> {
  await evictDurableObject(stub());
  await configureWatch((config) => Object.assign(config, receiver));
}

export const shownAlerts = async (): Promise<AlertList> =>
  (await admin<AlertList>("GET", "/alerts")).body;

/** Runs the alarm now, whether one is set or not. */
export const ring = (): Promise<void> =>
  inside(async (watch, { storage }) => {
    await storage.deleteAlarm();
    await watch.alarm();
  });

/** Evaluates the rules with all that was counted until now, as the alarm does. */
export async function evaluate(): Promise<AlertList> {
  await flusher.flush();
  await ring();
  return shownAlerts();
}

type Which = Pick<AlertView, "rule" | "about">;

const isThis =
  ({ rule, about }: Which) =>
  (alert: Which): boolean =>
    alert.rule === rule && alert.about === about;

/** The alert of a rule about something, if it fires. */
export const firing = ({ firing }: AlertList, which: Which): AlertView | undefined =>
  firing.find(isThis(which));

export const ended = ({ ended }: AlertList, which: Which): AlertView[] =>
  ended.filter(isThis(which));

/** Evaluates, waits until a minute has passed without a bad value, and evaluates again. */
export async function calmDown(day: Day): Promise<AlertList> {
  await evaluate();
  day.pass(60);
  return evaluate();
}

export interface Received {
  headers: Record<string, string>;
  body: Record<string, unknown>;
  text: string;
}

/** The variables of the receiver, while there is one. */
let receiver: Partial<Config> = {};

/** Changes the configuration of the watch, which has one of its own. */
export const configureWatch = (change: (config: Config) => void): Promise<void> =>
  inside((watch) => change(requireConfig((watch as unknown as { env: object }).env)));

const URL = "https://alerts.test/hook";
export const SECRET = `whsec_${btoa("a secret of the operator, 32 bytes")}`;

/** Configures a receiver, in the isolate and in the object, until the end of the test. `status`: its answers; 0 refuses. */
export async function givenReceiver(
  status: (seen: number) => number = () => 204,
  vars: Partial<Config> = { ALERT_WEBHOOK_SECRET: [SECRET] },
): Promise<Received[]> {
  const received: Received[] = [];
  const real = globalThis.fetch;
  const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    if (input !== URL) return real(input, init);
    const text = String(init?.body);
    received.push({ headers: init?.headers as Received["headers"], body: JSON.parse(text), text });
    const code = status(received.length);
    if (code === 0) throw new TypeError("the connection was refused");
    return new Response(null, { status: code });
  });
  receiver = { ALERT_WEBHOOK_URL: URL, ...vars };
  const names = Object.keys(receiver);
  const set = (config: Config) => void Object.assign(config, receiver);
  const clear = (config: Config) => {
    for (const name of names) delete config[name as never];
  };
  set(requireConfig(env));
  await configureWatch(set);
  onTestFinished(async () => {
    spy.mockRestore();
    receiver = {};
    clear(requireConfig(env));
    await configureWatch(clear);
  });
  return received;
}
