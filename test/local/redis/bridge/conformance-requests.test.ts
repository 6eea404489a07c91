// Upstash's protocol, one case for each kind of request, authorization and error that @upstash/redis and
// @upstash/ratelimit use, or that its documentation names.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BASE64, START_TIMEOUT, type Stack, startStack, TOKEN, unavailable } from "../../stack.ts";
import { conforms as conformsTo } from "./conformance.ts";

const MISSING = "0".repeat(40);
const WRONG_TOKEN = '{"error":"WRONGPASS invalid or missing auth token"}';
const bearer = (authorization: string) => ({ authorization });

let stack: Stack;
const conforms = (cases: Parameters<typeof conformsTo>[1]) => conformsTo(() => stack, cases);

beforeAll(async () => {
  stack = await startStack();
}, START_TIMEOUT);

afterAll(() => stack.stop());

describe("requests", () => {
  const given = [["SET", "foo", "bar"]];
  conforms([
    { title: "one command as JSON", given, body: '["GET","foo"]', answer: '{"result":"bar"}' },
    { title: "by PUT", given, method: "PUT", body: '["GET","foo"]', answer: '{"result":"bar"}' },
    {
      title: "numbers and booleans as arguments",
      body: '["RPUSH","list",1,-2.5,true,"☃"]',
      answer: '{"result":4}',
    },
    {
      title: "an integer beyond 2^53 as an argument, to the digit",
      body: '["ECHO",9007199254740993]',
      answer: '{"result":"9007199254740993"}',
    },
    {
      title: "a negative one in a pipeline",
      path: "/pipeline",
      body: '[["ECHO",-9223372036854775807],["ECHO",1.5]]',
      answer: '[{"result":"-9223372036854775807"},{"result":"1.5"}]',
    },
    {
      title: "a pipeline",
      path: "/pipeline",
      body: '[["SET","a","1"],["INCR","a"],["GET","a"]]',
      answer: '[{"result":"OK"},{"result":2},{"result":"2"}]',
    },
    {
      title: "a transaction",
      path: "/multi-exec",
      body: '[["SET","a","1"],["INCR","a"],["GET","a"]]',
      answer: '[{"result":"OK"},{"result":2},{"result":"2"}]',
    },
    { title: "a command in the path", given, path: "/get/foo", answer: '{"result":"bar"}' },
    {
      title: "path words that are escaped",
      path: "/echo/a%2Fb%20%E2%98%83+c",
      answer: '{"result":"a/b ☃+c"}',
    },
    {
      title: "a body as the path's last argument",
      path: "/set/foo",
      body: '{"json":1}',
      answer: '{"result":"OK"}',
    },
    {
      title: "options in the query, after the body",
      path: "/set/foo?EX=100&NX&GET=",
      given: [["DEL", "foo"]],
      body: "v",
      answer: '{"result":null}',
    },
    {
      title: "no body, options in the query",
      given: [["RPUSH", "list", "a", "b"]],
      path: "/lpop/list?2",
      answer: '{"result":["a","b"]}',
    },
    { title: "HEAD, without the body", given, method: "HEAD", path: "/get/foo", answer: "" },
    {
      title: "a body that is no UTF-8",
      path: "/echo",
      body: Buffer.from([0xff, 0x00, 0xfe]),
      headers: BASE64,
      answer: '{"result":"/wD+"}',
    },
    {
      title: "a path that cannot be read",
      path: "/get/%",
      status: 400,
      answer: '{"error":"ERR failed to decode the request path"}',
    },
  ]);
});

describe("authorization", () => {
  const ping = { path: "/ping", answer: '{"result":"PONG"}' };
  const refused = { path: "/ping", status: 401, answer: WRONG_TOKEN };
  conforms([
    { title: "bearer in any case", ...ping, headers: bearer(`bearer ${TOKEN}`) },
    { title: "BEARER, and more spaces", ...ping, headers: bearer(`BEARER   ${TOKEN}`) },
    { title: "another scheme", ...refused, headers: bearer(`Basic ${TOKEN}`) },
    { title: "another token", ...refused, headers: bearer("Bearer other") },
    {
      title: "a wrong header beside a right parameter",
      ...refused,
      path: `/ping?_token=${TOKEN}`,
      headers: bearer("Bearer other"),
    },
  ]);

  test.each([
    [TOKEN, 200, '{"result":"bar"}'],
    ["other", 401, WRONG_TOKEN],
    ["", 401, WRONG_TOKEN],
  ])("the parameter _token %j, no part of the command: %d", async (token, status, answer) => {
    await stack.direct.set("foo", "bar");
    const response = await fetch(`${stack.bridge.url}/get/foo?_token=${token}`);
    expect([response.status, await response.text()]).toEqual([status, answer]);
  });
});

describe("errors", () => {
  const given = [["SET", "text", "x"]];
  const notInteger = "ERR value is not an integer or out of range";
  const failed = (error: string) => ({ status: 400, answer: JSON.stringify({ error }) });
  conforms([
    { title: "of a command", given, body: '["INCR","text"]', ...failed(notInteger) },
    {
      title: "of a command in a path",
      path: "/get",
      ...failed("ERR wrong number of arguments for 'get' command"),
    },
    {
      title: "of the wrong type",
      given,
      body: '["LPOP","text"]',
      ...failed("WRONGTYPE Operation against a key holding the wrong kind of value"),
    },
    {
      title: "of a script that Redis does not have",
      body: `["EVALSHA","${MISSING}",0]`,
      ...failed("NOSCRIPT No matching script. Please use EVAL."),
    },
    { title: "of an unknown command", body: '["nosuch","x"]', ...failed(unavailable("NOSUCH")) },
    {
      title: "of a cursor, WITHTYPE or not",
      body: '["SCAN","x","WITHTYPE"]',
      ...failed("ERR invalid cursor"),
    },
    { title: "of no command at all", path: "/?x=", ...failed("ERR empty command") },
    {
      title: "in a pipeline, between successes",
      given,
      path: "/pipeline",
      body: `[["PING"],["INCR","text"],["EVALSHA","${MISSING}",0],["GET","text"]]`,
      answer: `[{"result":"PONG"},{"error":"${notInteger}"},{"error":"NOSCRIPT No matching script. Please use EVAL."},{"result":"x"}]`,
    },
    {
      title: "in a transaction, which goes on",
      given,
      path: "/multi-exec",
      body: '[["INCR","text"],["APPEND","text","y"]]',
      answer: `[{"error":"${notInteger}"},{"result":2}]`,
    },
    {
      title: "of a transaction that is discarded",
      path: "/multi-exec",
      body: '[["SET","a","1"],["WATCH","a"]]',
      ...failed(`EXECABORT Transaction discarded because of: ${unavailable("WATCH")}`),
    },
  ]);
});
