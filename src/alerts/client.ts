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

export interface AlertList {
  /** The worst rule first. */
  firing: AlertView[];
  /** The latest 100, the last one first. */
  ended: AlertView[];
  /** When the rules were last evaluated. Null if never. */
  evaluatedAt: string | null;
}

export interface AlertWatchStub {
  /** `isNeeded`: evaluates the rules now. Otherwise only sets an alarm again that was lost. */
  wake(isNeeded: boolean): Promise<void>;
  list(): Promise<AlertList>;
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
