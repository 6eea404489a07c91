// Conformance to Upstash's REST API: one case per kind of reply and encoding that is documented or that
// @upstash/redis and @upstash/ratelimit use.
import { describe, expect, test } from "vitest";
import { BASE64, upstash, useStack } from "../../stack.ts";
import { conforms } from "./conformance.ts";

const RESP2 = { "upstash-response-format": "resp2" };

const stack = useStack();

describe("replies", () => {
  conforms(stack, [
    { title: "null", body: '["GET","absent"]', answer: '{"result":null}' },
    { title: "an integer", body: '["STRLEN","absent"]', answer: '{"result":0}' },
    {
      title: "an integer above 2^53 with all its digits",
      given: [["SET", "n", "9007199254740992"]],
      body: '["INCR","n"]',
      answer: '{"result":9007199254740993}',
    },
    {
      title: "64-bit integers in a transaction",
      given: [["SET", "n", "-9223372036854775807"]],
      path: "/multi-exec",
      body: '[["DECR","n"],["BITFIELD","n2","SET","i64","0","1","GET","i64","0"]]',
      answer: '[{"result":-9223372036854775808},{"result":[0,1]}]',
    },
    {
      title: "a double as a string",
      given: [["ZADD", "z", "1.5", "m"]],
      body: '["ZSCORE","z","m"]',
      answer: '{"result":"1.5"}',
    },
    {
      title: "a map as a flat array",
      given: [["HSET", "h", "f", "1", "g", "2"]],
      body: '["HGETALL","h"]',
      answer: '{"result":["f","1","g","2"]}',
    },
    { title: "an empty array", body: '["LRANGE","absent",0,-1]', answer: '{"result":[]}' },
    {
      title: "nested arrays with null",
      body: '["EVAL","return {1,{KEYS[1],{ARGV[1],false}},{}}",1,"k","a"]',
      answer: '{"result":[1,["k",["a",null]],[]]}',
    },
    {
      title: "stream entries",
      given: [["XADD", "s", "1-1", "f", "v"]],
      body: '["XREAD","COUNT",1,"STREAMS","s","0-0"]',
      answer: '{"result":[["s",[["1-1",["f","v"]]]]]}',
    },
    {
      title: "SCAN",
      given: [["SET", "a", "1"]],
      body: '["SCAN",0,"MATCH","withtype"]',
      answer: '{"result":["0",[]]}',
    },
    {
      title: "SCAN WITHTYPE: keys and types alternating",
      given: [["SADD", "a", "1"]],
      body: '["scan","0","count",10,"withtype","match","a"]',
      answer: '{"result":["0",["a","set"]]}',
    },
    {
      title: "SCAN WITHTYPE in a transaction",
      given: [["LPUSH", "withtype", "1"]],
      path: "/multi-exec",
      body: '[["PING"],["SCAN","0","MATCH","withtype","WITHTYPE"]]',
      answer: '[{"result":"PONG"},{"result":["0",["withtype","list"]]}]',
    },
  ]);
});

describe("encodings", () => {
  const given = [["SET", "foo", "OK"]];
  conforms(stack, [
    { title: "base64", body: '["ECHO","bar"]', headers: BASE64, answer: '{"result":"YmFy"}' },
    {
      title: "OK, which is exempt from base64",
      body: '["SET","a","1"]',
      headers: BASE64,
      answer: '{"result":"OK"}',
    },
    {
      title: "base64 in a pipeline for nested strings, but not for integers, null and errors",
      given,
      path: "/pipeline",
      body: '[["MGET","foo","absent"],["STRLEN","foo"],["GET"]]',
      headers: BASE64,
      answer: `[{"result":["T0s=",null]},{"result":2},{"error":"ERR wrong number of arguments for 'get' command"}]`,
    },
    { title: "base64 in a path", path: "/echo/bar", headers: BASE64, answer: '{"result":"YmFy"}' },
    { title: "RESP2: OK", body: '["SET","a","1"]', headers: RESP2, answer: "+OK\r\n" },
    { title: "RESP2: a string", path: "/echo/☃", headers: RESP2, answer: "$3\r\n☃\r\n" },
    {
      title: "RESP2: a pipeline",
      given: [["SET", "n", "9007199254740992"]],
      path: "/pipeline",
      body: '[["INCR","n"],["GET","absent"],["LPOP","n"],["EVAL","return {1,{\'a\'}}",0]]',
      headers: RESP2,
      answer:
        ":9007199254740993\r\n$-1\r\n-WRONGTYPE Operation against a key holding the wrong kind of value\r\n*2\r\n:1\r\n*1\r\n$1\r\na\r\n",
    },
    {
      title: "RESP2: an error",
      path: "/get",
      headers: RESP2,
      status: 400,
      answer: "-ERR wrong number of arguments for 'get' command\r\n",
    },
    {
      title: "JSON for a transaction regardless of the requested format",
      path: "/multi-exec",
      body: '[["ECHO","x"]]',
      headers: RESP2,
      answer: '[{"result":"x"}]',
    },
    {
      title: "an error for RESP2 with base64",
      path: "/ping",
      headers: { ...RESP2, ...BASE64 },
      status: 400,
      answer: '{"error":"ERR base64 encoding is not supported in RESP2 format"}',
    },
    {
      title: "an error for an unknown format",
      path: "/ping",
      headers: { "upstash-response-format": "resp3" },
      status: 400,
      answer: '{"error":"ERR unsupported response format"}',
    },
  ]);
});

test("returns a different sync token with every response and accepts any token", async () => {
  const client = upstash(stack.bridge.url);
  const tokens: unknown[] = [client.readYourWritesSyncToken];
  const work = [
    () => client.set("key", "value"),
    () => client.get("key"),
    () => client.multi().incr("n").exec(),
    () => client.eval("return redis.call('INCR', KEYS[1])", ["n"], []),
  ];
  for (const step of work) {
    await step();
    tokens.push(client.readYourWritesSyncToken);
  }
  expect(new Set(tokens).size).toBe(work.length + 1);
  client.readYourWritesSyncToken = "of another client";
  expect(await client.get("key")).toBe("value");
  expect(tokens).not.toContain(client.readYourWritesSyncToken);
});

test("supports the client's SCAN with types", async () => {
  await stack.direct.set("string", "x");
  await stack.direct.zadd("sorted", 1, "m");
  const [cursor, keys] = await upstash(stack.bridge.url).scan(0, { withType: true });
  expect(cursor).toBe("0");
  expect(keys.toSorted((a, b) => a.key.localeCompare(b.key))).toEqual([
    { key: "sorted", type: "zset" },
    { key: "string", type: "string" },
  ]);
});
