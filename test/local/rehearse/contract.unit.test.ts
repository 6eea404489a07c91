// The contract check accepts well-formed answers and rejects faulty ones.
import { describe, expect, test } from "vitest";
import { findBreaches } from "../../../src/local/rehearse/contract.ts";
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
