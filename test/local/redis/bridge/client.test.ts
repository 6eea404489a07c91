// The bridge through @upstash/redis: values, replies, pipelines and transactions.
import { Redis } from "@upstash/redis";
import { beforeAll, describe, expect, test } from "vitest";
import { TOKEN, upstash, useStack } from "../../stack.ts";

const stack = useStack();
let client: Redis;
/** A client that does not parse values. */
let plain: Redis;

beforeAll(() => {
  client = upstash(stack.bridge.url);
  plain = upstash(stack.bridge.url, false);
});

describe("values", () => {
  test.each([
    ["an empty string", ""],
    ["OK, which is exempt from base64", "OK"],
    ["text that looks like base64", "T0s="],
    ["digits with leading zeros", "0012"],
    ["an integer above 2^53", "9007199254740993"],
    ["text that looks like null", "null"],
    ["quotes, control characters and a NUL", '"\\\r\n\t\u0000\u001f'],
    ["emoji with joiners", "👩‍👩‍👧‍👦🏴‍☠️"],
    ["right-to-left, combining and private-use characters", "שלום עالم Z̸͑ \ue000\uffff\u2028"],
  ])("returns %s unchanged", async (_, value) => {
    expect(await plain.set("key", value)).toBe("OK");
    expect(await plain.get("key")).toBe(value);
    expect(await stack.direct.get("key")).toBe(value);
    await plain.hset("hash", { [value]: value });
    expect(await plain.hgetall("hash")).toEqual([value, value]);
    expect(await plain.mget("key", "absent")).toEqual([value, null]);
  });

  test.each([1, 5])("returns a value of %d MB unchanged", async (megabytes) => {
    const value = "x☃".repeat((megabytes * 1024 * 1024) / 4);
    await plain.set("key", value);
    expect((await plain.get("key")) === value).toBe(true); // `toBe(value)` would print megabytes
  });

  test("returns JSON, numbers, booleans and null with their types", async () => {
    const value = { list: [1, "two", null, { deep: true }], text: "☃" };
    await client.set("json", value);
    expect(await client.get("json")).toEqual(value);
    await client.set("number", 42.5);
    expect(await client.get("number")).toBe(42.5);
    await client.set("boolean", true);
    expect(await client.get("boolean")).toBe(true);
    await client.set("null", null);
    expect(await client.get("null")).toBeNull();
    expect(await client.get("absent")).toBeNull();
  });
});

describe("replies", () => {
  test("have the shapes that the client expects for integers, doubles, sorted sets and scans", async () => {
    expect(await client.incrby("n", 41)).toBe(41);
    expect(await client.incrbyfloat("n", 0.5)).toBe(41.5);
    await client.zadd("z", { score: 1.5, member: "a" }, { score: 2, member: "b" });
    expect(await client.zscore("z", "a")).toBe(1.5);
    expect(await client.zrange("z", 0, -1, { withScores: true })).toEqual(["a", 1.5, "b", 2]);
    expect(await client.scan(0, { match: "z" })).toEqual(["0", ["z"]]);
    expect(await client.smembers("absent")).toEqual([]);
  });

  test("may be nested arrays with null and OK", async () => {
    const script = "return {1, {'OK', {'deep', false}}, 'x', {}}";
    expect(await client.eval(script, [], [])).toEqual([1, ["OK", ["deep", null]], "x", []]);
  });

  test("include stream entries", async () => {
    const id = await client.xadd("s", "*", { field: "value" });
    expect(await client.xrange("s", "-", "+")).toEqual({ [id]: { field: "value" } });
  });

  test("are plain text if the client turns base64 off", async () => {
    const raw = new Redis({ url: stack.bridge.url, token: TOKEN, responseEncoding: false });
    await raw.set("key", "☃");
    expect(await raw.get("key")).toBe("☃");
  });
});

describe("batches", () => {
  test("combine the reads of one tick in one request and its writes in another", async () => {
    const before = { ...stack.bridge.stats };
    const counts = await Promise.all([client.incr("a"), client.incr("a"), client.incr("b")]);
    expect(counts).toEqual([1, 2, 1]);
    expect(await Promise.all([client.get("a"), client.get("b")])).toEqual([2, 1]);
    expect(stack.bridge.stats.roundTrips - before.roundTrips).toBe(2);
    expect(stack.bridge.stats.commands - before.commands).toBe(5);
  });

  test("run the commands of a pipeline in order, each with its own result or error", async () => {
    const pipeline = client.pipeline();
    pipeline.set("text", "x").incr("text").append("text", "y").get("text");
    const results = await pipeline.exec({ keepErrors: true });
    expect(results.map(({ result }) => result)).toEqual(["OK", undefined, 2, "xy"]);
    expect(results[1]?.error).toMatch(/^ERR value is not an integer/);
    await expect(client.pipeline().incr("text").exec()).rejects.toThrow(
      "Command 1 [ incr ] failed",
    );
  });

  test("accept a pipeline of 5,000 commands", async () => {
    const pipeline = client.pipeline();
    for (let i = 0; i < 5000; i++) pipeline.incr("n");
    const results = await pipeline.exec<number[]>();
    expect(results).toEqual(Array.from({ length: 5000 }, (_, i) => i + 1));
  });

  test("run no other command between the commands of a transaction", async () => {
    const transaction = () => client.multi().incr("n").incr("n").incr("n").exec<number[]>();
    const work = Array.from({ length: 100 }, () => [transaction(), client.incr("n")]).flat();
    const results = await Promise.all(work);
    for (const triple of results.filter((result) => Array.isArray(result))) {
      const [first = Number.NaN] = triple;
      expect(triple).toEqual([first, first + 1, first + 2]);
    }
    expect(await client.get("n")).toBe(400);
  });

  test("apply the other commands of a transaction if one fails", async () => {
    const results = await client
      .multi()
      .set("text", "x")
      .incr("text")
      .set("after", 1)
      .exec({ keepErrors: true });
    expect(results.map(({ error }) => Boolean(error))).toEqual([false, true, false]);
    expect(await client.get("after")).toBe(1);
  });
});
