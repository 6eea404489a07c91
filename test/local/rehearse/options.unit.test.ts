// The command line of the rehearsal: valid options are parsed, invalid ones rejected.
import { describe, expect, test } from "vitest";
import { UsageError } from "../../../src/local/command-line.ts";
import { type Options, parseOptions } from "../../../src/local/rehearse/options.ts";

describe("the command line", () => {
  test.each([
    [["--buyers", "0"]],
    [["--buyers", "many"]],
    [["--concurrency", "1.5"]],
    [["--bots", "1.5"]],
    [["--bots", ""]],
    [["--bots", "half"]],
    [["--max-p99", "0"]],
    [["--max-p99", "fast"]],
    [["--max-errors", "1.01"]],
    [["--max-errors", "none"]],
    [["--url", "localhost:8787"]],
    [["--sku", "demo"]],
    [["--url", "https://shop.example"]],
    [["--provider", "paypal"]],
    [["--seed", "0"]],
    [["--seed", "first"]],
    [["--admission", "open"]],
    [["--admission", "draw", "--url", "http://localhost:8787", "--sku", "demo"]],
    [["--no-such-option"]],
    [["--auth-secret", "secret"]],
    [["a.json"]],
    [["--merge"]],
    [["--evidence", "a.json"]],
    [["--evidence", "a.json", "--url", "http://localhost:8787", "--sku", "demo"]],
    [["--sale", "rehearsal-1", "--url", "http://localhost:8787"]],
    [["--sale", "demo", "--url", "http://localhost:8787", "--evidence", "a.json"]],
    [["--evidence", "missing/a.json", "--url", "http://localhost:8787"]],
    [["--json", "missing/a.json"]],
  ])("rejects %j", (argv) => {
    expect(() => parseOptions(argv)).toThrow(UsageError);
  });

  test.each<[string[], Record<string, string>, object]>([
    [["0.5"], { npm_config_bots: "true" }, { bots: 0.5, buyers: 500 }],
    [
      ["300", "0.5"],
      { npm_config_buyers: "true", npm_config_bots: "true" },
      { bots: 0.5, buyers: 300 },
    ],
    [
      ["0.5", "300"],
      { npm_config_bots: "true", npm_config_buyers: "true" },
      { bots: 0.5, buyers: 300 },
    ],
    [["--bots", "0.5"], { npm_config_json: "true" }, { bots: 0.5, buyers: 500 }],
  ])("understands %j with npm's %j, which npm passes without --", (argv, env, expected) => {
    expect(parseOptions(argv, env)).toMatchObject(expected);
  });

  test("rejects values without a matching option", () => {
    expect(() => parseOptions(["0.5"], {})).toThrow(UsageError);
    expect(() =>
      parseOptions(["0.5"], { npm_config_json: "true", npm_config_bots: "true" }),
    ).toThrow(UsageError);
  });

  test("merges the evidence of several machines", () => {
    const { merge } = parseOptions(["--merge", "a.json", "b.json"]) as Options;
    expect(merge).toEqual(["a.json", "b.json"]);
  });

  test("parses thresholds as numbers", () => {
    expect(parseOptions(["--max-p99", "250", "--max-errors", "0"])).toMatchObject({
      maxP99: 250,
      maxErrors: 0,
    });
  });

  test("takes the operator's token from the environment, and never as an argument", () => {
    const argv = ["--url", "https://shop.example", "--buyers", "2000", "--seed", "7"];
    expect(() => parseOptions([...argv, "--admin-token", "secret"])).toThrow(UsageError);
    expect(() => parseOptions(argv, { ADMIN_TOKEN: "" })).toThrow(UsageError);
    expect(parseOptions(argv, { ADMIN_TOKEN: "secret" })).toEqual({
      url: "https://shop.example",
      adminToken: "secret",
      provider: "sandbox",
      seed: 7,
      buyers: 2000,
      bots: 0,
      concurrency: 64,
    });
  });

  test("takes payments with the fake Stripe only if asked to, under a new seed each time", () => {
    expect(parseOptions(["--provider", "stripe"])).toMatchObject({ provider: "stripe" });
    const seeds = Array.from({ length: 20 }, () => (parseOptions([]) as Options).seed);
    expect(new Set(seeds).size).toBeGreaterThan(1);
    for (const seed of seeds) {
      expect(parseOptions(["--seed", `${seed}`])).toMatchObject({ seed, provider: "sandbox" });
    }
  });
});
