// The contract check rejects faulty answers, and the command line rejects invalid options.
import { describe, expect, test } from "vitest";
import { findBreaches } from "../../../src/local/rehearse/contract.ts";
import { parseOptions, UsageError } from "../../../src/local/rehearse/options.ts";
import { answer } from "./evidence.ts";

describe("the contract check", () => {
  const headers = {
    "x-request-id": "r1",
    "cache-control": "no-store",
    "content-type": "application/problem+json",
    "ratelimit-policy": '"user";q=50;w=10',
    ratelimit: '"user";r=49;t=10',
    "x-ratelimit-limit": "50",
    "x-ratelimit-remaining": "49",
    "x-ratelimit-reset": "1795341600",
  };
  const { ratelimit: _, ...unlimited } = headers;
  const soldOut = {
    type: "t",
    title: "t",
    status: 409,
    code: "sold_out",
    detail: "d",
    requestId: "r1",
  };

  test("accepts a well-formed refusal", () => {
    expect(findBreaches("buy", answer(409, soldOut, headers), ["202", "sold_out"])).toEqual([]);
  });

  test.each([
    ["a code with the wrong status", answer(410, { ...soldOut, status: 410 }, headers)],
    ["a crash", answer(500, "Internal Server Error", headers)],
    [
      "a private answer that caches may store",
      answer(409, soldOut, { ...headers, "cache-control": "public" }),
    ],
    ["a refusal without a request ID", answer(409, soldOut, { ...headers, "x-request-id": "" })],
    [
      "a 429 without Retry-After",
      answer(429, { ...soldOut, status: 429, code: "rate_limited" }, headers),
    ],
    ["an answer without a rate limit header", answer(409, soldOut, unlimited)],
    ["an unexpected refusal", answer(404, { ...soldOut, status: 404, code: "not_found" }, headers)],
  ])("rejects %s", (_, given) => {
    expect(findBreaches("buy", given, ["202", "sold_out"])).not.toEqual([]);
  });
});

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
    [["--no-such-option"]],
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

  test("parses thresholds as numbers", () => {
    expect(parseOptions(["--max-p99", "250", "--max-errors", "0"])).toMatchObject({
      maxP99: 250,
      maxErrors: 0,
    });
  });

  test("accepts a deployed instance with its admin token", () => {
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
