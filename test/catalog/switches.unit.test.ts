// Which switches are in force, and what a change makes of them: properties of the pure decisions.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decideSwitches,
  isDefault,
  type SwitchSetting,
  switchKey,
} from "../../src/catalog/decide-switches.ts";
import { switchChangeSchema } from "../../src/catalog/switch-schema.ts";
import {
  effectiveSwitches,
  parseSwitches,
  type RegisteredSwitch,
  SWITCH_NAMES,
  type Switch,
  type SwitchName,
  TARGETS,
  toPublished,
} from "../../src/catalog/switches.ts";

const NOW = Date.UTC(2026, 10, 27);
const [names, ids] = [fc.constantFrom(...SWITCH_NAMES), fc.constantFrom("a", "b")];
const moments = fc.integer({ min: NOW - 1_000, max: NOW + 1_000 });

function valuesOf(name: SwitchName): fc.Arbitrary<SwitchSetting["value"]> {
  if (name === "challenge") return fc.constantFrom("as-set" as const, "off", "everyone");
  if (name === "limits") return fc.constantFrom(0.1, 1, 2, 10);
  return fc.boolean();
}

/** A setting of any switch for any of its targets. */
const setting: fc.Arbitrary<SwitchSetting> = names.chain((name) =>
  fc
    .record({
      value: valuesOf(name),
      target: fc.constantFrom(...TARGETS[name]),
      id: ids,
      until: fc.option(moments, { nil: undefined }),
    })
    .map(({ value, target, id, until }) => ({
      name,
      value,
      ...(target === "deployment" ? {} : { [target]: id }),
      ...(until === undefined || isDefault({ value }) ? {} : { until }),
    })),
);

const settings = fc.uniqueArray(setting, { selector: switchKey, maxLength: 12 });

const registered = settings.map((all) =>
  all
    .filter((each) => !isDefault(each))
    .map((each) => ({ ...each, since: NOW - 5_000, reason: "r", by: "b" }) as RegisteredSwitch),
);

const change = (all: SwitchSetting[]) => ({ settings: all, reason: "why", by: "who" });

describe("the switches in force", () => {
  test("are those for the target that have not ended, and the sale's own before the deployment's", () => {
    fc.assert(
      fc.property(registered, ids, ids, moments, (all, sale, sku, now) => {
        const effective = effectiveSwitches(all, now, { sale, sku });
        for (const name of SWITCH_NAMES) {
          const fitting = all.filter(
            (each) =>
              each.name === name &&
              (each.until === undefined || each.until > now) &&
              (each.sale ?? sale) === sale &&
              (each.sku ?? sku) === sku,
          );
          const own = fitting.find((each) => each.sale !== undefined);
          expect(effective[name]).toEqual(own ?? fitting[0]);
        }
      }),
    );
  });

  test("do not depend on the order in which they are published", () => {
    fc.assert(
      fc.property(registered, ids, ids, (all, sale, sku) => {
        const effective = effectiveSwitches(all, NOW, { sale, sku });
        expect(effectiveSwitches(all.toReversed(), NOW, { sale, sku })).toEqual(effective);
      }),
    );
  });

  test("end by the clock alone, and never come back", () => {
    fc.assert(
      fc.property(registered, moments, moments, (all, a, b) => {
        const [earlier, later] = [Math.min(a, b), Math.max(a, b)];
        const before = effectiveSwitches(all, earlier);
        const after = effectiveSwitches(all, later);
        expect(Object.keys(before)).toEqual(expect.arrayContaining(Object.keys(after)));
      }),
    );
  });

  test("reach the edges as they are, without the operator's reason and name", () => {
    fc.assert(
      fc.property(registered, (all) => {
        const published = JSON.parse(JSON.stringify(all.map(toPublished)));
        expect(parseSwitches(published)).toEqual(all.map(toPublished));
        expect(JSON.stringify(published)).not.toMatch(/"(reason|by)"/);
      }),
    );
  });

  test("leave out what another release or a bad value published", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(parseSwitches([value, { name: "fromTheFuture", value: true, since: 1 }])).toEqual(
          [],
        );
        expect(parseSwitches(value)).toEqual([]);
      }),
    );
    const good: Switch = { name: "readOnly", value: true, since: 1 };
    expect(parseSwitches([{ name: "limits", value: -1, since: 1 }, good])).toEqual([good]);
  });
});

describe("a change", () => {
  test("sets what it names, and leaves the other switches as they are", () => {
    fc.assert(
      fc.property(registered, settings, (before, wanted) => {
        const { switches } = decideSwitches(before, change(wanted), NOW);
        const named = new Set(wanted.map(switchKey));
        const others = before.filter((each) => (each.until ?? NOW + 1) > NOW);
        expect(switches.filter((each) => !named.has(switchKey(each)))).toEqual(
          others.filter((each) => !named.has(switchKey(each))),
        );
        for (const each of wanted) {
          const found = switches.find((one) => switchKey(one) === switchKey(each));
          if (isDefault(each)) expect(found).toBeUndefined();
          else expect(found).toMatchObject({ value: each.value });
        }
      }),
    );
  });

  test("changes nothing the second time, so who set a switch and when stays true", () => {
    fc.assert(
      fc.property(registered, settings, (before, wanted) => {
        const endless = wanted.map(({ until: _, ...each }) => each);
        const { switches } = decideSwitches(before, change(endless), NOW);
        const again = { settings: endless, reason: "again", by: "another" };
        expect(decideSwitches(switches, again, NOW)).toEqual({ switches, edits: [] });
      }),
    );
  });

  test("says for each switch what was before and what is after", () => {
    fc.assert(
      fc.property(registered, settings, (before, wanted) => {
        const { switches, edits } = decideSwitches(before, change(wanted), NOW);
        for (const { before: old, after, ...edit } of edits) {
          const find = (all: RegisteredSwitch[]) =>
            all.find((each) => switchKey(each) === switchKey(edit)) ?? null;
          expect(after).toEqual(find(switches));
          expect(old).toEqual(find(before.filter((each) => (each.until ?? NOW + 1) > NOW)));
          expect(after).not.toEqual(old);
        }
      }),
    );
  });
});

test("accepts no change that it cannot store and publish", () => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (reason, switches) => {
      const { data } = switchChangeSchema.safeParse({ reason, switches });
      expect(data).toBeUndefined();
    }),
  );
});
