// Commands that the bridge refuses because they would disturb the connection that all requests share.
import { describe, expect, test } from "vitest";
import { unavailable, useStack } from "../../stack.ts";

const stack = useStack();

describe("commands that would disturb the shared connection", () => {
  test.each(
    [
      ["SUBSCRIBE", "c"],
      ["psubscribe", "*"],
      ["SUNSUBSCRIBE"],
      ["MONITOR"],
      ["SELECT", "1"],
      ["SWAPDB", "0", "1"],
      ["AUTH", "x"],
      ["HELLO", "3"],
      ["QUIT"],
      ["RESET"],
      ["READONLY"],
      ["ASKING"],
      ["MULTI"],
      ["EXEC"],
      ["WATCH", "a"],
      ["REPLCONF", "ACK", "0"],
      ["replconf", "capa", "eof"],
      ["SYNC"],
      ["PSYNC", "?", "-1"],
      ["CLIENT", "REPLY", "OFF"],
      ["client", "reply", "skip"],
      ["CLIENT", "PAUSE", "100000"],
      ["CLIENT", "TRACKING", "ON"],
      ["DEBUG", "SLEEP", "1"],
      ["SHUTDOWN"],
      ["FAILOVER"],
      ["MIGRATE", "127.0.0.1", "1", "a", "0", "10000"],
      ["SCRIPT", "debug", "yes"],
      ["CONFIG", "SET", "maxmemory", "1"],
      ["POST"],
      ["Host:", "example.com"],
      ["NOSUCH", "x"],
      ["XINFO", "NOSUCH", "x"],
      ["__proto__"],
      ["GET a\r\nSHUTDOWN\r\n"],
    ].map((command) => ({ command })),
  )("refuses $command", ({ command }) => expectRefusal(command));
});

describe("commands that would block all other requests", () => {
  test.each(
    [
      ["BLPOP", "list", "0"],
      ["brpop", "list", "0"],
      ["BLMOVE", "a", "b", "LEFT", "LEFT", "0"],
      ["BLMPOP", "0", "1", "list", "LEFT"],
      ["BRPOPLPUSH", "a", "b", "0"],
      ["BZPOPMIN", "z", "0"],
      ["BZPOPMAX", "z", "0"],
      ["BZMPOP", "0", "1", "z", "MIN"],
      ["WAIT", "1", "0"],
      ["WAITAOF", "1", "0", "0"],
      ["XREAD", "BLOCK", "0", "STREAMS", "s", "$"],
      ["XREAD", "COUNT", "1", "block", "0", "STREAMS", "s", "$"],
      ["xread", "bLoCk", "0", "COUNT", "1", "streams", "s", "$"],
      ["XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">"],
      ["XREADGROUP", "GROUP", "streams", "c", "BLOCK", "0", "STREAMS", "s", ">"],
      ["XREADGROUP", "GROUP", "g", "streams", "NOACK", "BLOCK", "0", "STREAMS", "s", ">"],
      ["XREADGROUP", "BLOCK", "0", "GROUP", "g", "c", "STREAMS", "s", ">"],
      [
        "XREADGROUP",
        "COUNT",
        "streams",
        "GROUP",
        "streams",
        "c",
        "BLOCK",
        "0",
        "STREAMS",
        "s",
        ">",
      ],
    ].map((command) => ({ command })),
  )("refuses $command", ({ command }) => expectRefusal(command));

  test("runs XREAD and XREADGROUP without BLOCK, even on a stream and a group named block", async () => {
    expect(await stack.post("/", ["XREAD", "STREAMS", "block", "0"])).toMatchObject({
      status: 200,
      body: { result: null },
    });
    await stack.direct.xgroup("CREATE", "block", "block", "0", "MKSTREAM");
    const read = ["XREADGROUP", "GROUP", "block", "block", "COUNT", "1", "STREAMS", "block", ">"];
    expect(await stack.post("/", read)).toMatchObject({ status: 200, body: { result: null } });
  });

  test("does not block on a script that pops from an empty list", async () => {
    const lua = "return type(redis.pcall('BLPOP', 'list', 0))";
    const [popped, after] = (await stack.post("/pipeline", [["EVAL", lua, 0], ["PING"]]))
      .body as object[];
    expect(popped).toEqual({ result: expect.any(String) });
    expect(after).toEqual({ result: "PONG" });
  });
});

async function expectRefusal(command: string[]): Promise<void> {
  const error = unavailable(command[0]?.toUpperCase() ?? "");
  expect(await stack.post("/", command)).toMatchObject({ status: 400, body: { error } });
  const pipeline = await stack.post("/pipeline", [["SET", "a", "1"], command, ["GET", "a"]]);
  expect(pipeline.body).toEqual([{ result: "OK" }, { error }, { result: "1" }]);
  const transaction = await stack.post("/multi-exec", [["SET", "b", "1"], command]);
  expect(transaction).toMatchObject({
    status: 400,
    body: { error: `EXECABORT Transaction discarded because of: ${error}` },
  });
  expect(await stack.direct.exists("b")).toBe(0);
}
