// Channels, patterns and MONITOR as server-sent events, through @upstash/redis and over plain HTTP.
import type { Redis } from "@upstash/redis";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startBridge } from "../../../../src/local/redis/bridge/server.ts";
import { TOKEN, unavailable, upstash, useStack } from "../../stack.ts";

const stack = useStack();
let client: Redis;

beforeAll(() => {
  client = upstash(stack.bridge.url);
});

/** Opens a stream. `seen` collects its lines. */
async function open(path: string, method = "POST", url = stack.bridge.url) {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, accept: "text/event-stream" },
    signal: abort.signal,
  });
  const seen: string[] = [];
  const reading = (async () => {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      seen.push(...chunk.split("\n").filter((line) => line !== ""));
    }
  })();
  reading.catch(() => {});
  return { response, seen, reading, close: () => abort.abort() };
}

async function subscribers(channel: string): Promise<number> {
  return Number((await stack.direct.pubsub("NUMSUB", channel))[1]);
}

describe("the client", () => {
  test("receives the messages of a channel unchanged and in order", async () => {
    const messages: [channel: string, message: unknown][] = [];
    const counts: number[] = [];
    const subscriber = client.subscribe(["news", "odd: channel"]);
    subscriber.on("subscribe", (count) => counts.push(count));
    subscriber.on("message", ({ channel, message }) => messages.push([channel, message]));
    await expect.poll(() => counts).toEqual([1, 1]);
    for (const message of [{ text: "☃, two\nlines" }, "plain, text", 42]) {
      expect(await client.publish("news", message)).toBe(1);
    }
    expect(await client.publish("odd: channel", "x")).toBe(1);
    await expect.poll(() => messages).toHaveLength(4);
    expect(messages.filter(([channel]) => channel === "news")).toEqual([
      ["news", { text: "☃, two\nlines" }],
      ["news", "plain, text"],
      ["news", 42],
    ]);
    expect(messages).toContainEqual(["odd: channel", "x"]);
    await subscriber.unsubscribe();
    await expect.poll(() => subscribers("news")).toBe(0);
  });

  test("receives the messages of a pattern with their channels", async () => {
    const messages: unknown[] = [];
    let subscribed = false;
    const subscriber = client.psubscribe("user:*");
    subscriber.on("psubscribe", () => {
      subscribed = true;
    });
    subscriber.on("pmessage", (message) => messages.push(message));
    await expect.poll(() => subscribed).toBe(true);
    await client.publish("other:1", { id: 0 });
    await client.publish("user:1", { id: 1 });
    await expect.poll(() => messages).toHaveLength(1);
    expect(messages).toEqual([{ pattern: "user:*", channel: "user:1", message: { id: 1 } }]);
    await subscriber.unsubscribe();
    await expect.poll(() => stack.direct.pubsub("NUMPAT")).toBe(0);
  });
});

describe("over HTTP", () => {
  test("confirms each channel before its messages", async () => {
    const { response, seen } = await open("/subscribe/chat/a%2Fb%20c", "GET");
    expect(response.headers.get("content-type")).toMatch("text/event-stream");
    expect(response.headers.get("upstash-sync-token")).toBeTruthy();
    await expect.poll(() => seen).toHaveLength(2);
    await stack.post("/publish/chat/hello", "");
    await stack.post("/", ["PUBLISH", "a/b c", "how are you, today?"]);
    await expect.poll(() => seen).toHaveLength(4);
    expect(seen).toEqual([
      "data: subscribe,chat,1",
      "data: subscribe,a/b c,2",
      "data: message,chat,hello",
      "data: message,a/b c,how are you, today?",
    ]);
  });

  test("shows every command with quoted arguments in MONITOR", async () => {
    const { seen } = await open("/monitor");
    await expect.poll(() => seen).toEqual(['data: "OK"']);
    await stack.post("/", ["SET", "key", 'say "hi" \\ "']);
    await expect.poll(() => seen).toHaveLength(2);
    expect(seen[1]).toMatch(
      /^data: \d+\.\d+ \[0 127\.0\.0\.1:\d+\] "SET" "key" "say \\"hi\\" \\\\ \\""$/,
    );
  });

  test("ends the subscription when the client disconnects", async () => {
    const { seen, close } = await open("/subscribe/left");
    await expect.poll(() => seen).toHaveLength(1);
    expect(await subscribers("left")).toBe(1);
    close();
    await expect.poll(() => subscribers("left")).toBe(0);
  });

  test("runs streams and commands at the same time without interference", async () => {
    const streams = await Promise.all([
      open("/subscribe/a"),
      open("/psubscribe/*"),
      open("/monitor"),
    ]);
    await expect.poll(() => streams.every(({ seen }) => seen.length > 0)).toBe(true);
    const echoes = await Promise.all(
      Array.from({ length: 50 }, async (_, at) => {
        await client.publish("a", `${at}`);
        return (await stack.post("/", ["ECHO", `${at}`])).body;
      }),
    );
    expect(echoes).toEqual(Array.from({ length: 50 }, (_, at) => ({ result: `${at}` })));
  });

  test("ends its streams when the bridge stops", async () => {
    const other = await startBridge({ redisUrl: stack.redis.url, token: TOKEN });
    const { seen, reading } = await open("/subscribe/stopped", "POST", other.url);
    await expect.poll(() => seen).toHaveLength(1);
    await other.stop();
    await expect(reading).rejects.toThrow();
    await expect.poll(() => subscribers("stopped")).toBe(0);
  });

  test("ends the stream when Redis closes its connection", async () => {
    const { seen, reading } = await open("/subscribe/dropped");
    await expect.poll(() => seen).toHaveLength(1);
    await stack.direct.call("CLIENT", "KILL", "TYPE", "pubsub");
    await reading;
  });

  test.each(["/subscribe", "/psubscribe", "/monitor/x"])("answers 400 to %s", async (path) => {
    const answer = await stack.post(path, "", { accept: "text/event-stream" });
    const error = `ERR wrong number of arguments for '${path.split("/")[1]}' command`;
    expect(answer).toMatchObject({ status: 400, body: { error } });
  });

  test("answers that the command is not available unless the request accepts a stream", async () => {
    expect(await stack.post("/subscribe/chat", "")).toMatchObject({
      status: 400,
      body: { error: unavailable("SUBSCRIBE") },
    });
  });
});
