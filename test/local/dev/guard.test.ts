// The proxy in front of `npm run dev`, tested with an upstream server that echoes each request.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestOptions, request } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer, json } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LOCAL_GUARD_HEADER } from "../../../src/config/local-address.ts";
import { type Guard, newGuardSecret, startGuard } from "../../../src/local/dev/guard.ts";

const SECRET = newGuardSecret();

let guard: Guard;
let upstream: ReturnType<typeof createServer>;

beforeEach(async () => {
  upstream = createServer(async (incoming, response) => {
    if (incoming.url === "/echo") return void incoming.pipe(response);
    response.writeHead(incoming.url === "/unchanged" ? 304 : 200, [
      ...["Set-Cookie", "a=1", "Set-Cookie", "b=2"],
      ...["ETag", '"x"'],
    ]);
    const { method, url, headers } = incoming;
    response.end(JSON.stringify({ method, url, headers }));
  });
  upstream.on("upgrade", (_, socket) => {
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    socket.pipe(socket);
  });
  await once(upstream.listen(0, "127.0.0.1"), "listening");
  guard = await startGuard(0, addressOf(upstream), SECRET);
});

afterEach(() => {
  guard.stop();
  upstream.close();
  upstream.closeAllConnections();
});

const addressOf = (server: typeof upstream) =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function send(path: string, options: RequestOptions = {}, body?: Buffer) {
  const outgoing = request(guard.url + path, options).end(body);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  return response;
}

test("removes internal headers of wrangler and Miniflare and adds the guard secret", async () => {
  const response = await send("/api/sales?x=1", {
    headers: {
      host: "evil.test",
      "MF-Original-URL": "http://localhost/api/admin/overview",
      "mf-cf-blob": "{}",
      "MF-Custom-Fetch-Service": "x",
      "CF-Workers-Preview-Token": "x",
      [LOCAL_GUARD_HEADER]: "forged",
      "CF-Connecting-IP": "198.51.100.7",
      authorization: "Bearer x",
    },
  });
  const { url, headers } = (await json(response)) as IncomingMessage;
  expect(url).toBe("/api/sales?x=1");
  expect(headers).toMatchObject({
    host: "evil.test",
    authorization: "Bearer x",
    "cf-connecting-ip": "198.51.100.7",
    [LOCAL_GUARD_HEADER]: SECRET,
  });
  expect(Object.keys(headers).filter((name) => /^mf-|preview|forwarded/.test(name))).toEqual([]);
});

test.each(["/cdn-cgi/local/scheduled", "/cdn-cgi", "/x/../cdn-cgi/explorer"])(
  "answers 404 for wrangler's internal route %s",
  async (path) => {
    const response = await send("", { path });
    expect([response.statusCode, await json(response)]).toMatchObject([404, { code: "not_found" }]);
  },
);

test.each(["a b", "[::1", "x:y:z", "%"])("answers 400 to the invalid Host %j", async (host) => {
  const response = await send("/", { headers: { host } });
  expect([response.statusCode, await json(response)]).toMatchObject([
    400,
    { code: "invalid_request" },
  ]);
});

test("forwards large bodies unchanged in both directions", async () => {
  const sent = randomBytes(5_000_000);
  const response = await send("/echo", { method: "POST" }, sent);
  expect((await buffer(response)).equals(sent)).toBe(true);
});

test("streams a request body while it is still being sent", async () => {
  const outgoing = request(`${guard.url}/echo`, { method: "POST" });
  outgoing.write("first");
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  expect(String((await once(response, "data"))[0])).toBe("first");
  outgoing.end("last");
  expect(String(await buffer(response))).toBe("last");
});

test("preserves repeated headers, HEAD and 304", async () => {
  const response = await send("/", { method: "HEAD" });
  expect(response.headers).toMatchObject({ "set-cookie": ["a=1", "b=2"], etag: '"x"' });
  expect((await send("/unchanged")).statusCode).toBe(304);
});

test("proxies a WebSocket", async () => {
  const headers = { connection: "Upgrade", upgrade: "websocket" };
  const outgoing = request(guard.url, { headers }).end();
  const [response, socket] = await once(outgoing, "upgrade");
  expect(response.statusCode).toBe(101);
  socket.write("ping");
  expect(String((await once(socket, "data"))[0])).toBe("ping");
  socket.destroy();
});

test("answers 503 while the Worker is down", async () => {
  upstream.close();
  const response = await send("/");
  expect(response.headers["retry-after"]).toBe("1");
  expect([response.statusCode, await json(response)]).toMatchObject([503, { code: "unavailable" }]);
});
