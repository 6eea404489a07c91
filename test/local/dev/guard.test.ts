// The front door of `npm run dev`, before a server that answers with what reached it.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestOptions, request } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer, json } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LOCAL_GUARD_HEADER } from "../../../src/config.ts";
import { type Guard, newGuardSecret, startGuard } from "../../../src/local/dev/guard.ts";

const SECRET = newGuardSecret();

let guard: Guard;
let upstream: ReturnType<typeof createServer>;

beforeEach(async () => {
  upstream = createServer(async (asked, answer) => {
    if (asked.url === "/echo") return void asked.pipe(answer);
    answer.writeHead(asked.url === "/unchanged" ? 304 : 200, [
      ...["Set-Cookie", "a=1", "Set-Cookie", "b=2"],
      ...["ETag", '"x"'],
    ]);
    const { method, url, headers } = asked;
    answer.end(JSON.stringify({ method, url, headers }));
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

async function ask(path: string, options: RequestOptions = {}, body?: Buffer) {
  const asked = request(guard.url + path, options).end(body);
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  return answer;
}

test("removes the headers that wrangler and Miniflare act on, and proves that it did", async () => {
  const answer = await ask("/api/sales?x=1", {
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
  const { url, headers } = (await json(answer)) as IncomingMessage;
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
  "does not open wrangler's own %s",
  async (path) => {
    const answer = await ask("", { path });
    expect([answer.statusCode, await json(answer)]).toMatchObject([404, { code: "not_found" }]);
  },
);

test.each(["a b", "[::1", "x:y:z", "%"])("answers 400 to the Host %j", async (host) => {
  const answer = await ask("/", { headers: { host } });
  expect([answer.statusCode, await json(answer)]).toMatchObject([400, { code: "invalid_request" }]);
});

test("passes large bodies both ways as they are", async () => {
  const sent = randomBytes(5_000_000);
  const answer = await ask("/echo", { method: "POST" }, sent);
  expect((await buffer(answer)).equals(sent)).toBe(true);
});

test("passes a body on while it is still being sent", async () => {
  const asked = request(`${guard.url}/echo`, { method: "POST" });
  asked.write("first");
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  expect(String((await once(answer, "data"))[0])).toBe("first");
  asked.end("last");
  expect(String(await buffer(answer))).toBe("last");
});

test("keeps repeated headers, HEAD and 304", async () => {
  const answer = await ask("/", { method: "HEAD" });
  expect(answer.headers).toMatchObject({ "set-cookie": ["a=1", "b=2"], etag: '"x"' });
  expect((await ask("/unchanged")).statusCode).toBe(304);
});

test("passes a WebSocket through", async () => {
  const headers = { connection: "Upgrade", upgrade: "websocket" };
  const asked = request(guard.url, { headers }).end();
  const [answer, socket] = await once(asked, "upgrade");
  expect(answer.statusCode).toBe(101);
  socket.write("ping");
  expect(String((await once(socket, "data"))[0])).toBe("ping");
  socket.destroy();
});

test("answers 503 while the Worker is away", async () => {
  upstream.close();
  const answer = await ask("/");
  expect(answer.headers["retry-after"]).toBe("1");
  expect([answer.statusCode, await json(answer)]).toMatchObject([503, { code: "unavailable" }]);
});
