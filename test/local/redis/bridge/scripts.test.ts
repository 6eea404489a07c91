// Lua scripts through the bridge: it removes Upstash's flag, but clients use the SHA1 of the script that they sent.
import { createHash } from "node:crypto";
import type { Redis } from "@upstash/redis";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { startBridge } from "../../../../src/local/redis/bridge/server.ts";
import { TOKEN, upstash, useStack } from "../../stack.ts";

const PLAIN = "return {KEYS[1], ARGV[1]}";
const FLAGGED = `#!lua flags=allow-key-locking\n${PLAIN}`;
const BOTH_FLAGS = `#!lua flags=no-writes,allow-key-locking\nreturn redis.call('SET', 'a', 1)`;
const sha1 = (text: string) => createHash("sha1").update(text).digest("hex");

const stack = useStack();
let client: Redis;

beforeAll(() => {
  client = upstash(stack.bridge.url);
});

beforeEach(async () => {
  await stack.direct.script("FLUSH");
});

test.each([PLAIN, FLAGGED])(
  "runs EVALSHA with the SHA1 of the script that was sent to EVAL: %j",
  async (lua) => {
    await expect(client.evalsha(sha1(lua), ["k"], ["v"])).rejects.toThrow("NOSCRIPT");
    expect(await client.eval(lua, ["k"], ["v"])).toEqual(["k", "v"]);
    expect(await client.evalsha(sha1(lua), ["k"], ["v"])).toEqual(["k", "v"]);
    expect(await client.evalsha(sha1(lua).toUpperCase(), ["k"], ["v"])).toEqual(["k", "v"]);
    expect(await client.evalRo(lua, ["k"], ["v"])).toEqual(["k", "v"]);
    expect(await client.evalshaRo(sha1(lua), ["k"], ["v"])).toEqual(["k", "v"]);
  },
);

test.each([PLAIN, FLAGGED])(
  "uses the same SHA1 in SCRIPT LOAD and SCRIPT EXISTS: %j",
  async (lua) => {
    expect(await client.scriptExists(sha1(lua))).toEqual([0]);
    expect(await client.scriptLoad(lua)).toBe(sha1(lua));
    expect(await client.scriptExists(sha1(lua), sha1("other"))).toEqual([1, 0]);
    expect(await client.evalsha(sha1(lua), ["k"], ["v"])).toEqual(["k", "v"]);
    await client.scriptFlush();
    expect(await client.scriptExists(sha1(lua))).toEqual([0]);
  },
);

test("translates scripts in pipelines and transactions", async () => {
  for (const batch of [client.pipeline(), client.multi()]) {
    await stack.direct.script("FLUSH");
    const results = await batch
      .scriptLoad(FLAGGED)
      .evalsha(sha1(FLAGGED), ["k"], ["v"])
      .eval(FLAGGED, ["k"], ["w"])
      .scriptExists(sha1(FLAGGED))
      .exec();
    expect(results).toEqual([sha1(FLAGGED), ["k", "v"], ["k", "w"], [1]]);
  }
});

test("preserves other flags", async () => {
  await expect(client.eval(BOTH_FLAGS, [], [])).rejects.toThrow("Write commands are not allowed");
});

test("returns Redis's error messages, including errors nested in a script's reply", async () => {
  await expect(client.eval("return redis.error_reply('MINE sorry')", [], [])).rejects.toThrow(
    "MINE",
  );
  await expect(client.eval("this is not Lua", [], [])).rejects.toThrow(
    "ERR Error compiling script",
  );
  expect(await client.eval("return {redis.error_reply('MINE x')}", [], [])).toEqual(["MINE x"]);
  const incomplete = await stack.post("/pipeline", [["EVAL"], ["EVALSHA"], ["SCRIPT", "LOAD"]]);
  expect(incomplete.body).toEqual(Array(3).fill({ error: expect.stringMatching("^ERR ") }));
});

test("relearns scripts after a bridge restart, although Redis already has them", async () => {
  await client.eval(FLAGGED, ["k"], ["v"]);
  const other = await startBridge({ redisUrl: stack.redis.url, token: TOKEN });
  const fresh = upstash(other.url);
  await expect(fresh.evalsha(sha1(FLAGGED), ["k"], ["v"])).rejects.toThrow("NOSCRIPT");
  await fresh.eval(FLAGGED, ["k"], ["v"]);
  expect(await fresh.evalsha(sha1(FLAGGED), ["k"], ["v"])).toEqual(["k", "v"]);
  await other.stop();
});

test("supports the client's createScript", async () => {
  const script = client.createScript<string[]>(FLAGGED);
  expect(await script.exec(["k"], ["v"])).toEqual(["k", "v"]);
  const before = stack.bridge.stats.roundTrips;
  expect(await script.exec(["k"], ["w"])).toEqual(["k", "w"]);
  expect(stack.bridge.stats.roundTrips - before).toBe(1);
});
