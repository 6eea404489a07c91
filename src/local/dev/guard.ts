// The proxy in front of `npm run dev`, against DNS rebinding: a website can point its own hostname at this machine,
// and then a local browser lets it read responses of the operator API. The Worker refuses foreign hostnames, but
// wrangler's server lets a request header override the hostname. So this proxy owns the public port, removes those
// headers, and adds a secret that proves to the Worker that a request passed through it.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createProxyServer } from "httpxy";
import { LOCAL_GUARD_HEADER } from "../../config/local-address.ts";
import { ERRORS, type ErrorCode } from "../../http/errors.ts";

/** Internal headers of wrangler and Miniflare. */
const DEV_SERVER_HEADER = /^(mf-|cf-workers-preview-token$)/;
/** Wrangler's internal routes: they run cron triggers and show the storage of objects. */
const DEV_SERVER_PATH = /^\/cdn-cgi(\/|$)/;

export interface Guard {
  /** The public URL. */
  url: string;
  stop(): void;
}

/** A new value for the Worker's LOCAL_GUARD variable. The Worker requires it in the guard header of every request. */
export const newGuardSecret = (): string => randomUUID();

/**
 * Listens on both addresses of `localhost` and forwards requests to wrangler.
 *
 * @param port 0 picks a free port
 * @param target wrangler's URL
 * @param secret from `newGuardSecret`
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
  // Listening on `::1` fails on a machine without IPv6.
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

/** Sanitizes the headers of a request in place. Returns an error code if the request must not be forwarded. */
function admit({ headers, url = "" }: IncomingMessage, secret: string): ErrorCode | undefined {
  const target = URL.parse(url, `http://${headers.host}`);
  if (!target) return "invalid_request";
  if (DEV_SERVER_PATH.test(target.pathname)) return "not_found";
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
