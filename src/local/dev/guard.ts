// The front door of `npm run dev`. A website can point its own name at this machine (DNS rebinding), and a
// browser here then lets it read what the operator API answers. The Worker refuses such names, but wrangler's
// server rewrites the name when a request asks for it in a header. So this proxy owns the public port, removes
// those headers, and proves to the Worker that a request came through it.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createProxyServer } from "httpxy";
import { LOCAL_GUARD_HEADER } from "../../config.ts";
import { ERRORS, type ErrorCode } from "../../errors.ts";

/** Headers that wrangler and Miniflare act on, all of them for their own use. */
const DEV_SERVER_HEADER = /^(mf-|cf-workers-preview-token$)/;
/** Wrangler's own routes: they run the cron triggers and show what objects store. */
const DEV_SERVER_PATH = /^\/cdn-cgi(\/|$)/;

/** A listening guard. */
export interface Guard {
  /** The public address. */
  url: string;
  stop(): void;
}

/** What the Worker demands of every request: the value of its variable LOCAL_GUARD. */
export const newGuardSecret = (): string => randomUUID();

/**
 * Listens on the addresses that `localhost` stands for and passes requests to wrangler.
 *
 * @param port 0 takes a free one
 * @param target where wrangler listens
 */
export async function startGuard(port: number, target: string, secret: string): Promise<Guard> {
  const proxy = createProxyServer({ target, xfwd: false, preserveHeaderKeyCase: true });

  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const fault = admit(request, secret);
    if (fault) return refuse(response, fault);
    proxy.web(request, response).catch(() => refuse(response, "unavailable"));
  };
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (admit(request, secret)) return socket.destroy();
    proxy.ws(request, socket as Socket, {}, head).catch(() => socket.destroy());
  };
  const listen = async (port: number, host: string) => {
    const server = createServer(serve).on("upgrade", upgrade);
    await once(server.listen(port, host), "listening");
    return server;
  };

  const first = await listen(port, "127.0.0.1");
  const servers = [first];
  const bound = (first.address() as AddressInfo).port;
  // A machine without IPv6 has no second address.
  await listen(bound, "::1").then(
    (server) => servers.push(server),
    () => {},
  );
  return {
    url: `http://localhost:${bound}`,
    stop() {
      for (const server of servers) server.close().closeAllConnections();
      proxy.close();
    },
  };
}

/** Makes a request safe to pass on. Returns the error to answer with when that is impossible. */
function admit({ headers, url = "" }: IncomingMessage, secret: string): ErrorCode | undefined {
  const asked = URL.parse(url, `http://${headers.host}`);
  if (!asked) return "invalid_request";
  if (DEV_SERVER_PATH.test(asked.pathname)) return "not_found";
  for (const name of Object.keys(headers)) if (DEV_SERVER_HEADER.test(name)) delete headers[name];
  headers[LOCAL_GUARD_HEADER] = secret;
  return undefined;
}

function refuse(response: ServerResponse, code: ErrorCode): void {
  if (response.headersSent) return void response.destroy();
  const { status, title } = ERRORS[code];
  const requestId = randomUUID();
  const type = `urn:doorbuster:problem:${code}`;
  response.writeHead(status, {
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
    "X-Request-Id": requestId,
    ...(status === 503 ? { "Retry-After": "1" } : {}),
  });
  response.end(JSON.stringify({ type, title, status, code, detail: title, requestId }));
}
