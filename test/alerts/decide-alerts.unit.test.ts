// Alerts start and end once each, not at every flicker, and the same after a restart.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Alert,
  type Decision,
  decideAlerts,
  type Measured,
} from "../../src/alerts/decide-alerts.ts";

const SECOND = 1_000;
const START = Date.UTC(2026, 11, 1, 9);
const THRESHOLD = 10;

/** One evaluation: how long after the last one, and the value of each subject. Null if it cannot be known. */
interface Step {
  seconds: number;
  values: (number | null)[];
}

const measuredIn = ({ values }: Step, afterSeconds: number): Measured[] =>
  values.flatMap((value, at) =>
    value === null
      ? []
      : [{ rule: "no_sale", about: `sale/${at}`, value, threshold: THRESHOLD, afterSeconds }],
  );

interface Told {
  id: string;
  kind: "started" | "ended";
  /** Seconds after the start of the run. */
  at: number;
}

/** Evaluates step by step. `store` is what a restart does to the alerts between two steps. */
function run(steps: readonly Step[], afterSeconds = 0, store = (alerts: Alert[]) => alerts) {
  const told: Told[] = [];
  let [alerts, now]: [Alert[], number] = [[], START];
  for (const step of steps) {
    now += step.seconds * SECOND;
    const decision: Decision = decideAlerts(store(alerts), measuredIn(step, afterSeconds), now);
    alerts = decision.alerts;
    const at = (now - START) / SECOND;
    for (const { id } of decision.started) told.push({ id, kind: "started", at });
    for (const { id } of decision.ended) told.push({ id, kind: "ended", at });
  }
  return { told, alerts };
}

/** One subject, measured every ten seconds. */
const every10 = (values: (number | null)[]): Step[] =>
  values.map((value) => ({ seconds: 10, values: [value] }));

const kindsIn = ({ told }: { told: Told[] }) => told.map(({ kind, at }) => [kind, at]);

const BAD = 11;
const GOOD = 10;

describe("an alert", () => {
  test("starts once, however long the value stays bad", () => {
    expect(kindsIn(run(every10(Array(500).fill(BAD))))).toEqual([["started", 10]]);
  });

  test("does not start at the threshold itself", () => {
    expect(run(every10([GOOD, GOOD])).told).toEqual([]);
  });

  test("starts only once the value was bad for as long as its rule says", () => {
    expect(kindsIn(run(every10([BAD, BAD, BAD]), 20))).toEqual([["started", 30]]);
    expect(run(every10([BAD, BAD, GOOD, BAD, BAD]), 20).told).toEqual([]);
  });

  test("ends once, after a minute without a bad value", () => {
    const values = [BAD, ...Array(20).fill(GOOD)];
    expect(kindsIn(run(every10(values)))).toEqual([
      ["started", 10],
      ["ended", 80],
    ]);
  });

  test("goes on while the value flickers", () => {
    const values = Array.from({ length: 100 }, (_, at) => (at % 6 === 0 ? BAD : GOOD));
    expect(kindsIn(run(every10(values)))).toEqual([["started", 10]]);
  });

  test("goes on while the value is unknown, for an hour at most", () => {
    const values = [BAD, ...Array(400).fill(null)];
    expect(kindsIn(run(every10(values)))).toEqual([
      ["started", 10],
      ["ended", 3_610],
    ]);
  });

  test("is about one thing: another one that turns bad has an alert of its own", () => {
    const steps = [
      { seconds: 10, values: [BAD, GOOD] },
      { seconds: 10, values: [BAD, BAD] },
    ];
    expect(run(steps).told.map(({ id }) => id.split("/").slice(0, 3).join("/"))).toEqual([
      "no_sale/sale/0",
      "no_sale/sale/1",
    ]);
  });

  test("keeps its last value while it is unknown, and shows the newest one", () => {
    const { alerts } = run(every10([BAD, 42, null]));
    expect(alerts).toMatchObject([{ value: 42, since: START + 10 * SECOND }]);
  });
});

describe("whatever is measured", () => {
  const value = fc.oneof(
    fc.constantFrom(null, 0, GOOD, BAD, 99),
    fc.double({ min: 0, max: 1e9, noNaN: true }),
  );
  const steps = fc.array(
    fc.record({
      seconds: fc.oneof(fc.constantFrom(10, 60), fc.integer({ min: 0, max: 5_000 })),
      values: fc.tuple(value, value),
    }),
    { maxLength: 60 },
  );
  const afterSeconds = fc.constantFrom(0, 20, 90);

  test("every alert starts once and ends at most once, after its start", () => {
    fc.assert(
      fc.property(steps, afterSeconds, (given, after) => {
        const { told, alerts } = run(given, after);
        const byId = Map.groupBy(told, ({ id }) => id);
        for (const [id, news] of byId) {
          const isFiring = alerts.some((alert) => alert.id === id);
          expect(news.map(({ kind }) => kind)).toEqual(
            isFiring ? ["started"] : ["started", "ended"],
          );
        }
      }),
    );
  });

  test("a subject has one alert at a time", () => {
    fc.assert(
      fc.property(steps, afterSeconds, (given, after) => {
        const { told } = run(given, after);
        for (const subject of ["no_sale/sale/0/", "no_sale/sale/1/"]) {
          const kinds = told.filter(({ id }) => id.startsWith(subject)).map(({ kind }) => kind);
          expect(kinds.every((kind, at) => kind === (at % 2 === 0 ? "started" : "ended"))).toBe(
            true,
          );
        }
      }),
    );
  });

  test("a restart between any two evaluations changes nothing", () => {
    fc.assert(
      fc.property(steps, afterSeconds, (given, after) => {
        const restart = (alerts: Alert[]): Alert[] => JSON.parse(JSON.stringify(alerts));
        expect(run(given, after, restart)).toEqual(JSON.parse(JSON.stringify(run(given, after))));
      }),
    );
  });

  test("the alerts of one subject do not depend on those of another", () => {
    fc.assert(
      fc.property(steps, afterSeconds, (given, after) => {
        const alone = given.map(({ seconds, values: [first] }) => ({ seconds, values: [first] }));
        const ofFirst = run(given, after).told.filter(({ id }) => id.startsWith("no_sale/sale/0/"));
        expect(run(alone, after).told).toEqual(ofFirst);
      }),
    );
  });

  test("an alert starts only after bad values alone, for as long as the rule says", () => {
    fc.assert(
      fc.property(steps, afterSeconds, (given, after) => {
        let now = 0;
        const seen = given.map(({ seconds, values: [first] }) => {
          now += seconds;
          return { at: now, value: first };
        });
        const starts = run(given, after).told.filter(
          ({ id, kind }) => kind === "started" && id.startsWith("no_sale/sale/0/"),
        );
        for (const { at, id } of starts) {
          const since = (Number(id.split("/").at(-1)) - START) / SECOND;
          expect(at - since).toBeGreaterThanOrEqual(after);
          const between = seen.filter((each) => each.at > since && each.at < at);
          expect(between.every((each) => each.value === null || each.value > THRESHOLD)).toBe(true);
        }
      }),
    );
  });
});
