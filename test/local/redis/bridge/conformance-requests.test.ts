// Conformance to Upstash's REST API: one case per kind of request, authorization and error that is documented or
// that @upstash/redis and @upstash/ratelimit use.
import { describe, expect, test } from "vitest";
import { BASE64, TOKEN, unavailable, useStack } from "../../stack.ts";
import { conforms } from "./conformance.ts";

const MISSING = "0".repeat(40);
const WRONG_TOKEN = '{"error":"WRONGPASS invalid or missing auth token"}';
const bearer = (authorization: string) => ({ authorization });

const stack = useStack();

describe("requests", () => {
  const given = [["SET", "foo", "bar"]];
  conforms(stack, [
    { title: "one command as JSON", given, body: '["GET","foo"]', answer: '{"result":"bar"}' },
    {
      title: "a command sent with PUT",
      given,
      method: "PUT",
      body: '["GET","foo"]',
      answer: '{"result":"bar"}',
    },
    {
      title: "numbers and booleans as arguments",
      body: '["RPUSH","list",1,-2.5,true,"☃"]',
      answer: '{"result":4}',
    },
    {
      title: "an integer above 2^53 as an argument, with all its digits",
      body: '["ECHO",9007199254740993]',
      answer: '{"result":"9007199254740993"}',
    },
    {
      title: "a negative 64-bit integer in a pipeline",
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
      title: "escaped path segments",
      path: "/echo/a%2Fb%20%E2%98%83+c",
      answer: '{"result":"a/b ☃+c"}',
    },
    {
      title: "a body as the last argument of a command in the path",
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
      title: "options in the query without a body",
      given: [["RPUSH", "list", "a", "b"]],
      path: "/lpop/list?2",
      answer: '{"result":["a","b"]}',
    },
    { title: "HEAD, without the body", given, method: "HEAD", path: "/get/foo", answer: "" },
    {
      title: "a body that is not UTF-8",
      path: "/echo",
      body: Buffer.from([0xff, 0x00, 0xfe]),
      headers: BASE64,
      answer: '{"result":"/wD+"}',
    },
    {
      title: "a path with invalid escapes",
      path: "/get/%",
      status: 400,
      answer: '{"error":"ERR failed to decode the request path"}',
    },
  ]);
});

describe("authorization", () => {
  const ping = { path: "/ping", answer: '{"result":"PONG"}' };
  const refused = { path: "/ping", status: 401, answer: WRONG_TOKEN };
  conforms(stack, [
    { title: "lowercase bearer", ...ping, headers: bearer(`bearer ${TOKEN}`) },
    { title: "uppercase BEARER and extra spaces", ...ping, headers: bearer(`BEARER   ${TOKEN}`) },
    { title: "a different scheme", ...refused, headers: bearer(`Basic ${TOKEN}`) },
    { title: "a wrong token", ...refused, headers: bearer("Bearer other") },
    {
      title: "a wrong header with a correct query parameter",
      ...refused,
      path: `/ping?_token=${TOKEN}`,
      headers: bearer("Bearer other"),
    },
  ]);

  test.each([
    [TOKEN, 200, '{"result":"bar"}'],
    ["other", 401, WRONG_TOKEN],
    ["", 401, WRONG_TOKEN],
  ])(
    "the query parameter _token %j, which is not part of the command: %d",
    async (token, status, answer) => {
      await stack.direct.set("foo", "bar");
      const response = await fetch(`${stack.bridge.url}/get/foo?_token=${token}`);
      expect([response.status, await response.text()]).toEqual([status, answer]);
    },
  );
});

describe("errors", () => {
  const given = [["SET", "text", "x"]];
  const notInteger = "ERR value is not an integer or out of range";
  const failed = (error: string) => ({ status: 400, answer: JSON.stringify({ error }) });
  conforms(stack, [
    { title: "from a command", given, body: '["INCR","text"]', ...failed(notInteger) },
    {
      title: "from a command in the path",
      path: "/get",
      ...failed("ERR wrong number of arguments for 'get' command"),
    },
    {
      title: "for a key of the wrong type",
      given,
      body: '["LPOP","text"]',
      ...failed("WRONGTYPE Operation against a key holding the wrong kind of value"),
    },
    {
      title: "for a script that Redis does not have",
      body: `["EVALSHA","${MISSING}",0]`,
      ...failed("NOSCRIPT No matching script. Please use EVAL."),
    },
    { title: "for an unknown command", body: '["nosuch","x"]', ...failed(unavailable("NOSUCH")) },
    {
      title: "for an invalid cursor with WITHTYPE",
      body: '["SCAN","x","WITHTYPE"]',
      ...failed("ERR invalid cursor"),
    },
    { title: "for a missing command", path: "/?x=", ...failed("ERR empty command") },
    {
      title: "in a pipeline between successes",
      given,
      path: "/pipeline",
      body: `[["PING"],["INCR","text"],["EVALSHA","${MISSING}",0],["GET","text"]]`,
      answer: `[{"result":"PONG"},{"error":"${notInteger}"},{"error":"NOSCRIPT No matching script. Please use EVAL."},{"result":"x"}]`,
    },
    {
      title: "in a transaction that continues",
      given,
      path: "/multi-exec",
      body: '[["INCR","text"],["APPEND","text","y"]]',
      answer: `[{"error":"${notInteger}"},{"result":2}]`,
    },
    {
      title: "for a transaction that is discarded",
      path: "/multi-exec",
      body: '[["SET","a","1"],["WATCH","a"]]',
      ...failed(`EXECABORT Transaction discarded because of: ${unavailable("WATCH")}`),
    },
  ]);
});
