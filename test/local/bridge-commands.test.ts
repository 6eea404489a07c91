// Commands the bridge refuses, for on a connection that all requests share they would do harm.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { START_TIMEOUT, type Stack, startStack } from "./stack.ts";

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
}, START_TIMEOUT);

afterAll(() => stack.stop());

beforeEach(async () => {
  await stack.direct.flushall();
});

describe("commands that would disturb the shared connection", () => {
  test.each([
    ["SUBSCRIBE", "c"],
    ["psubscribe", "*"],
    ["MONITOR"],
    ["SELECT", "1"],
    ["AUTH", "x"],
    ["MULTI"],
    ["EXEC"],
    ["WATCH", "a"],
    ["BLPOP", "list", "0"],
    ["WAIT", "1", "0"],
    ["CLIENT", "REPLY", "OFF"],
    ["SHUTDOWN"],
    ["SCRIPT", "debug", "yes"],
    ["XREAD", "COUNT", "1", "block", "0", "STREAMS", "s", "$"],
    ["XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">"],
  ])("%s is refused", async (...command) => {
    const error = `ERR Command is not available: '${command[0]?.toUpperCase()}'`;
    expect(await stack.post("/", command)).toMatchObject({ status: 400, body: { error } });
    const pipeline = await stack.post("/pipeline", [["SET", "a", "1"], command, ["GET", "a"]]);
    expect(pipeline.body).toEqual([{ result: "OK" }, { error }, { result: "1" }]);
    const transaction = await stack.post("/multi-exec", [["SET", "b", "1"], command]);
    expect(transaction).toMatchObject({ status: 400 });
    expect(await stack.direct.exists("b")).toBe(0);
  });

  test("XREAD that does not wait works, even on a stream called BLOCK", async () => {
    const answer = await stack.post("/", ["XREAD", "STREAMS", "block", "0"]);
    expect(answer).toMatchObject({ status: 200, body: { result: null } });
  });
});
