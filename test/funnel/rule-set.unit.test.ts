// Deny and allow rules as pure functions: the canonical form of values, and which callers a set of rules denies.
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, test } from "vitest";
import { normalizeValue, parseRule, type Rule, RuleSet } from "../../src/funnel/rule-set.ts";

const NOW = Date.parse("2026-12-01T09:00:00Z");
const instant = (offsetMs: number) => new Date(NOW + offsetMs).toISOString();

const aRule = (changes: Partial<Rule>): Rule => ({
  effect: "deny",
  kind: "user",
  value: "mallory",
  by: "operator",
  addedAt: instant(-1_000),
  ...changes,
});

const network = (value: string, effect: Rule["effect"] = "deny") =>
  aRule({ kind: "ip", value: normalizeValue("ip", value) as string, effect });

const from = (address: string) => ({ address: ipaddr.process(address) });

describe("a network's value", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1/32"],
    ["192.0.2.77/24", "192.0.2.0/24"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["2001:DB8::1", "2001:db8::/64"],
    ["2001:db8:0:7:1::9", "2001:db8:0:7::/64"],
    ["2001:DB8::1/128", "2001:db8::1/128"],
    ["2001:db8:0:0:1::/64", "2001:db8::/64"],
    ["::ffff:192.0.2.1", "192.0.2.1/32"],
    ["::ffff:192.0.2.1/120", "192.0.2.0/24"],
  ])("%s becomes %s", (value, canonical) => {
    expect(normalizeValue("ip", value)).toBe(canonical);
  });

  test.each([
    "",
    "localhost",
    "1.2.3",
    "010.0.0.1",
    "0x7f.0.0.1",
    "3232235777",
    "1.2.3.4/33",
    "1.2.3.4/08",
    "2001:db8::/064",
    "1.2.3.4/",
    "1.2.3.4/8/8",
    "1.2.3.4/-1",
    "2001:db8::/129",
    "fe80::1%eth0",
    "1.2.3.4 ",
  ])("%j is refused", (value) => {
    expect(normalizeValue("ip", value)).toBeUndefined();
  });

  test("is unchanged once it is in canonical form", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
          fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })),
        ),
        ([address, bits]) => {
          const once = normalizeValue("ip", `${address}/${bits}`);
          expect(once).toBeDefined();
          expect(normalizeValue("ip", once as string)).toBe(once);
        },
      ),
    );
  });
});

test.each([
  ["asn", "0064496", "64496"],
  ["country", "de", "DE"],
  ["country", "t1", "T1"],
  ["user", "auth0|Ann/ß", "auth0|Ann/ß"],
] as const)("the %s %s becomes %s", (kind, value, canonical) => {
  expect(normalizeValue(kind, value)).toBe(canonical);
});

test.each([
  ["asn", "AS64496"],
  ["asn", "-1"],
  ["asn", "12345678901"],
  ["country", "DEU"],
  ["country", "1D"],
  ["user", ""],
  ["user", "u".repeat(129)],
  ["user", "\ud800"],
] as const)("the %s %j is refused", (kind, value) => {
  expect(normalizeValue(kind, value)).toBeUndefined();
});

describe("a set of rules", () => {
  test.each([
    [network("192.0.2.1"), from("192.0.2.1"), from("192.0.2.2")],
    [network("192.0.2.0/25"), from("192.0.2.127"), from("192.0.2.128")],
    [network("192.0.2.1"), from("::ffff:192.0.2.1"), from("::ffff:192.0.2.2")],
    [network("2001:db8::/32"), from("2001:db8:ffff::1"), from("2001:db9::1")],
    [network("2001:db8:0:7::1"), from("2001:db8:0:7:ffff::9"), from("2001:db8:0:8::1")],
    [network("2001:db8::1/128"), from("2001:db8::1"), from("2001:db8::2")],
    [network("::/0"), from("2001:db8::1"), from("192.0.2.1")],
    [aRule({}), { userId: "mallory" }, { userId: "Mallory" }],
    [aRule({ kind: "asn", value: "64496" }), { asn: "64496" }, { asn: "6449" }],
    [aRule({ kind: "country", value: "XX" }), { country: "XX" }, { country: "DE" }],
    [aRule({ kind: "asn", value: "7" }), { asn: "7" }, { userId: "7" }],
  ])("with %o denies the matching caller only", (rule, matching, other) => {
    const set = new RuleSet([rule]);
    expect(set.denies(matching, NOW)).toBe(true);
    expect(set.denies(other, NOW)).toBe(false);
    expect(set.denies({}, NOW)).toBe(false);
  });

  test("applies a rule until the millisecond before it expires", () => {
    const set = new RuleSet([aRule({ expiresAt: instant(0) })]);
    expect(set.denies({ userId: "mallory" }, NOW - 1)).toBe(true);
    expect(set.denies({ userId: "mallory" }, NOW)).toBe(false);
  });

  test("lets an allow rule override all deny rules, in any order, until it expires", () => {
    const denials = [
      aRule({}),
      network("192.0.2.0/24"),
      aRule({ kind: "asn", value: "64496" }),
      aRule({ kind: "country", value: "XX" }),
    ];
    const caller = { userId: "mallory", asn: "64496", country: "XX", ...from("192.0.2.1") };
    const allowances = [
      aRule({ effect: "allow" }),
      network("192.0.2.1", "allow"),
      aRule({ effect: "allow", kind: "asn", value: "64496" }),
      aRule({ effect: "allow", kind: "country", value: "XX" }),
    ].map((rule) => ({ ...rule, expiresAt: instant(1) }));
    fc.assert(
      fc.property(
        fc.constantFrom(...allowances),
        fc.shuffledSubarray(denials, { minLength: 1 }),
        fc.boolean(),
        (allowed, denied, last) => {
          const set = new RuleSet(last ? [...denied, allowed] : [allowed, ...denied]);
          expect(set.denies(caller, NOW)).toBe(false);
          expect(set.denies(caller, NOW + 1)).toBe(true);
        },
      ),
    );
  });
});

test("a malformed rule does not parse", () => {
  const good = aRule({});
  const bad = ["", "{", "null", "[]", '"x"', "{}", JSON.stringify({ ...good, kind: "shoe" })];
  const wrong = JSON.stringify({ ...good, kind: "ip", value: "nowhere" });
  for (const text of [...bad, wrong]) expect(parseRule(text)).toBeUndefined();
  expect(parseRule(JSON.stringify(good))).toEqual(good);
});
