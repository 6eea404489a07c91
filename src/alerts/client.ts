// Calls the object that watches the sales. The interface is written out, because the generated stub type splits results into
// unions of promises.
import type { RuleName } from "../observability/alert-thresholds.ts";
import { causeOf, log } from "../observability/log.ts";
import type { Rule } from "./rule.ts";

export interface AlertWatchEnv {
  ALERT_WATCH: DurableObjectNamespace;
}

/** How a notice gets to the receiver. `undelivered`: given up. `off`: no receiver was set when it was made. */
export type Delivery =
  | { state: "delivered"; at: string }
  | { state: "owed" | "undelivered"; tries: number; fault?: string }
  | { state: "off" };

/** An alert as operators see it. Times are ISO 8601. */
export interface AlertView extends Pick<Rule, "severity" | "title" | "unit" | "advice"> {
  id: string;
  rule: RuleName;
  /** `sale/{id}`, `breaker/{name}` or `deployment`. */
  about: string;
  skuId?: string;
  /** The last measured value. */
  value: number;
  threshold: number;
  since: string;
  endedAt?: string;
  delivery: { started: Delivery; ended?: Delivery };
}

/** Whether the watch does its work. Times are ISO 8601. */
export interface WatchState {
  /** When the rules were last evaluated. Null if never. */
  evaluatedAt: string | null;
  /** Since when they should have been evaluated and were not. Absent if they are, or if no sale is on. */
  lateSince?: string;
}

export interface AlertList extends WatchState {
  /** The worst rule first. */
  firing: AlertView[];
  /** The latest 100, the last one first. */
  ended: AlertView[];
}

export interface AlertWatchStub {
  /** `isNeeded`: evaluates the rules now. Otherwise only sets an alarm again that was lost. */
  wake(isNeeded: boolean): Promise<void>;
  list(): Promise<AlertList>;
  state(): Promise<WatchState>;
}

/** Has the rules evaluated soon. Whoever asks does not depend on it: the scheduled run wakes the watch as well. */
export async function wakeAlerts(env: AlertWatchEnv): Promise<void> {
  await alertWatchOf(env)
    .wake(true)
    .catch((error) => log("alerts.not_woken", { cause: causeOf(error) }));
}

/** The only watch. A new stub each time, because a stub that threw is dead. */
export const alertWatchOf = ({ ALERT_WATCH }: AlertWatchEnv): AlertWatchStub =>
  ALERT_WATCH.getByName("alerts") as unknown as AlertWatchStub;
