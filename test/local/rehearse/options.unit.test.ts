// The rehearsal reads the contract strictly, and its command line refuses what makes no sense.
import { describe, expect, test } from "vitest";
import { judge } from "../../../src/local/rehearse/contract.ts";
import { parseOptions, UsageError } from "../../../src/local/rehearse/options.ts";
import { answer } from "./evidence.ts";

describe("contract", () => {
  const sound = {
    "x-request-id": "r1",
    "cache-control": "no-store",
    "content-type": "application/problem+json",
    "ratelimit-policy": '"user";q=50;w=10',
    ratelimit: '"user";r=49;t=10',
    "x-ratelimit-limit": "50",
    "x-ratelimit-remaining": "49",
    "x-ratelimit-reset": "1795341600",
  };
  const { ratelimit: _, ...unlimited } = sound;
  const soldOut = {
    type: "t",
    title: "t",
    status: 409,
    code: "sold_out",
    detail: "d",
    requestId: "r1",
  };

  test("a sound refusal passes", () => {
    expect(judge("buy", answer(409, soldOut, sound), ["202", "sold_out"])).toEqual([]);
  });

  test.each([
    ["a code with another status", answer(410, { ...soldOut, status: 410 }, sound)],
    ["a crash", answer(500, "Internal Server Error", sound)],
    [
      "an answer that any cache may keep",
      answer(409, soldOut, { ...sound, "cache-control": "public" }),
    ],
    ["a refusal without a request id", answer(409, soldOut, { ...sound, "x-request-id": "" })],
    [
      "a 429 that does not say when",
      answer(429, { ...soldOut, status: 429, code: "rate_limited" }, sound),
    ],
    ["an answer without its limits", answer(409, soldOut, unlimited)],
    ["an unexpected refusal", answer(404, { ...soldOut, status: 404, code: "not_found" }, sound)],
  ])("%s does not", (_, given) => {
    expect(judge("buy", given, ["202", "sold_out"])).not.toEqual([]);
  });
});

describe("options", () => {
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
    [["--no-such-option"]],
  ])("%j is refused", (argv) => {
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
  ])("%j with %j, as npm hands it on without --", (argv, env, meant) => {
    expect(parseOptions(argv, env)).toMatchObject(meant);
  });

  test("values that no flag of ours was typed for are refused", () => {
    expect(() => parseOptions(["0.5"], {})).toThrow(UsageError);
    expect(() =>
      parseOptions(["0.5"], { npm_config_json: "true", npm_config_bots: "true" }),
    ).toThrow(UsageError);
  });

  test("thresholds are read as numbers", () => {
    expect(parseOptions(["--max-p99", "250", "--max-errors", "0"])).toMatchObject({
      maxP99: 250,
      maxErrors: 0,
    });
  });

  test("a deployed instance with its token is accepted", () => {
    const argv = ["--url", "https://shop.example", "--admin-token", "secret", "--buyers", "2000"];
    expect(parseOptions(argv)).toEqual({
      url: "https://shop.example",
      adminToken: "secret",
      buyers: 2000,
      bots: 0,
      concurrency: 64,
    });
  });
});
