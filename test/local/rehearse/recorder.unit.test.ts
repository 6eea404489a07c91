// The recorder counts requests and errors.
import { expect, test } from "vitest";
import { Recorder } from "../../../src/local/rehearse/recorder.ts";
import { problem } from "./evidence.ts";

test("counts a 5xx and a missing answer as errors, but not a refusal", () => {
  const recorder = new Recorder();
  recorder.recordAnswer("buy", problem(409, "sold_out"));
  recorder.recordAnswer("buy", problem(503, "overloaded"));
  recorder.recordFailure("buy", new Error("refused"));
  expect([recorder.errorCount, recorder.requestCount]).toEqual([2, 3]);
});
