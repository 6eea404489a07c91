// The bridge over plain HTTP: statuses, bodies and headers must match Upstash's, for invalid requests as well.
import { describe, expect, test } from "vitest";
import { BASE64, send, TOKEN, unavailable, useStack } from "../../stack.ts";

const stack = useStack();

describe("authorization", () => {
  const routes = [
    ["POST", "/"],
    ["POST", "/pipeline"],
    ["POST", "/multi-exec"],
    ["GET", "/_local/stats"],
    ["DELETE", "/_local/stats"],
    ["POST", "/_local/fault"],
    ["GET", "/no/such/route"],
  ] as const;

  test.each(routes)("refuses %s %s without the token", async (method, path) => {
    const wrong = ["", "Bearer", "Bearer wrong", `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, TOKEN];
    for (const authorization of wrong) {
      const answer = await send(stack.bridge.url + path, ["PING"], { authorization }, method);
      expect(answer.status).toBe(401);
      expect(answer.body).toEqual({ error: "WRONGPASS invalid or missing auth token" });
    }
    const bare = await fetch(stack.bridge.url + path, { method });
    expect(bare.status).toBe(401);
  });
});

describe("encoding", () => {
  const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

  test("returns any bytes unchanged in base64, and decodes them as UTF-8 otherwise", async () => {
    await stack.direct.set("bytes", everyByte);
    const encoded = await stack.post("/", ["GET", "bytes"], BASE64);
    expect(encoded.body).toEqual({ result: everyByte.toString("base64") });
    const text = await stack.post("/", ["GET", "bytes"]);
    expect(text.body).toEqual({ result: everyByte.toString("utf8") });
  });

  test("encodes all strings, including nested ones, but not OK, integers, null and errors", async () => {
    const commands = [
      ["SET", "key", "v"],
      ["GET", "key"],
      ["INCR", "key"],
      ["INCR", "n"],
      ["GET", "absent"],
      ["EVAL", "return {1, {'a', {'b', false}}}", 0],
      ["PING"],
    ];
    const outcomes = [
      { result: "OK" },
      { result: "dg==" },
      { error: "ERR value is not an integer or out of range" },
      { result: 1 },
      { result: null },
      { result: [1, ["YQ==", ["Yg==", null]]] },
      { result: "UE9ORw==" },
    ];
    expect((await stack.post("/pipeline", commands, BASE64)).body).toEqual(outcomes);
    await stack.direct.flushall();
    expect((await stack.post("/multi-exec", commands, BASE64)).body).toEqual(outcomes);
  });

  test("returns maps as flat arrays and ignores the case of command names", async () => {
    await stack.post("/", ["hset", "h", "f", 1, "g", true]);
    const flat = { result: ["f", "1", "g", "true"] };
    for (const name of ["hgetall", "HGETALL", "hGetAll"]) {
      expect((await stack.post("/", [name, "h"])).body).toEqual(flat);
    }
  });
});

describe("responses", () => {
  test("have a sync token and a JSON content type on success", async () => {
    for (const [path, body] of [
      ["/", ["PING"]],
      ["/pipeline", [["PING"]]],
      ["/multi-exec", [["PING"]]],
    ] as const) {
      const { status, headers } = await stack.post(path, body);
      expect(status).toBe(200);
      expect(headers.get("upstash-sync-token")).toBeTruthy();
      expect(headers.get("content-type")).toMatch("application/json");
    }
  });

  test("report a failed command as a 400, or as an entry in a pipeline's 200", async () => {
    const error = "ERR wrong number of arguments for 'get' command";
    expect(await stack.post("/", ["GET"], BASE64)).toMatchObject({ status: 400, body: { error } });
    const answer = await stack.post("/pipeline", [["GET"], ["NOSUCH"], ["ECHO", "x"]]);
    expect(answer).toMatchObject({
      status: 200,
      body: [{ error }, { error: unavailable("NOSUCH") }, { result: "x" }],
    });
  });

  test("report one error for a discarded transaction, which has no effect", async () => {
    const { status, body } = await stack.post("/multi-exec", [
      ["SET", "a", 1],
      ["SET", "b"],
    ]);
    expect(status).toBe(400);
    const cause = "ERR wrong number of arguments for 'set' command";
    expect(body).toEqual({ error: `EXECABORT Transaction discarded because of: ${cause}` });
    expect(await stack.direct.exists("a", "b")).toBe(0);
  });

  test.each([
    ["/", "", "ERR failed to parse the request body as JSON"],
    ["/", "{", "ERR failed to parse the request body as JSON"],
    ["/", "null", "ERR a command must be a JSON array"],
    ["/", { command: "PING" }, "ERR a command must be a JSON array"],
    ["/", [], "ERR empty command"],
    ["/", [""], "ERR empty command"],
    ["/", ["GET", null], "ERR null args are not supported"],
    ["/", ["GET", {}], "ERR unsupported arg type"],
    ["/", [["GET", "a"]], "ERR unsupported arg type"],
    ["/pipeline", "PING", "ERR failed to parse the request body as JSON"],
    ["/pipeline", {}, "ERR a pipeline must be a JSON array"],
    ["/pipeline", [], "ERR empty pipeline"],
    ["/pipeline", ["GET", "a"], "ERR a command must be a JSON array"],
    [
      "/pipeline",
      [
        ["SET", "a", 1],
        ["GET", null],
      ],
      "ERR null args are not supported",
    ],
    ["/multi-exec", [], "ERR empty pipeline"],
    ["/multi-exec", [["SET", "a", 1], []], "ERR empty command"],
  ])("are 400 for %s with %j, which has no effect", async (path, body, error) => {
    expect(await stack.post(path, body)).toMatchObject({ status: 400, body: { error } });
    expect(await stack.direct.exists("a")).toBe(0);
  });

  test.each(["DELETE", "PATCH", "OPTIONS"])(
    "are 405 for %s, with the allowed methods",
    async (method) => {
      const answer = await send(`${stack.bridge.url}/get/key`, null, {}, method);
      expect(answer).toMatchObject({ status: 405, body: { error: "ERR method not allowed" } });
      expect(answer.headers.get("allow")).toBe("GET, HEAD, POST, PUT");
    },
  );
});

describe("request size", () => {
  const limit = 10 * 1024 * 1024;
  const padded = (bytes: number) => {
    const around = JSON.stringify(["SET", "big", ""]).length;
    return JSON.stringify(["SET", "big", "x".repeat(bytes - around)]);
  };

  test("may be 10 MB, and one more byte is a 413", async () => {
    expect(await stack.post("/", padded(limit))).toMatchObject({ status: 200 });
    const answer = await stack.post("/", padded(limit + 1));
    expect(answer.status).toBe(413);
    expect(answer.body).toEqual({
      error: `ERR max request size exceeded. Limit: ${limit} bytes, Actual: ${limit + 1} bytes`,
    });
  });

  test("is limited without a Content-Length", async () => {
    const response = await fetch(stack.bridge.url, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      body: new Blob([padded(limit + 1)]).stream(),
      duplex: "half",
    } as RequestInit);
    expect(response.status).toBe(413);
  });
});
