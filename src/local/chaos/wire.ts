// A network connection that can be disturbed: an HTTP proxy between the Worker and a service it calls.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";

/** What the service seems to answer, without having been asked. */
export interface Substitute {
  status: number;
  body: unknown;
}

/** What goes wrong with requests. `cut`: the service does its work, and the connection breaks in the middle of the answer. */
export type Disturbance =
  | { kind: "refuse" | "hang" | "cut" }
  | { kind: "slow"; ms: number }
  /** `answer` may return undefined for requests that pass. */
  | { kind: "substitute"; answer: (body: string) => Substitute | undefined };

export interface Wire {
  url: string;
  /** Disturbs all requests from now on, or none. Requests that hang end without an answer. */
  disturb(disturbance: Disturbance | undefined): void;
  /** Requests that hang. */
  readonly hanging: number;
  stop(): Promise<void>;
}

/** Starts a proxy on loopback. @param target the service's URL */
export async function startWire(target: string): Promise<Wire> {
  let disturbance: Disturbance | undefined;
  const hanging = new Set<ServerResponse>();
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(request);
    const now = disturbance;
    if (now?.kind === "refuse") return void response.destroy();
    if (now?.kind === "hang") return void hanging.add(response);
    if (now?.kind === "slow") await pause(now.ms);
    const instead = now?.kind === "substitute" ? now.answer(body.toString()) : undefined;
    if (instead) return send(response, instead.status, Buffer.from(JSON.stringify(instead.body)));
    const answer = await forward(target, request, body);
    await send(response, answer.status, answer.body, answer.headers, now?.kind === "cut");
  };
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get hanging() {
      return hanging.size;
    },
    disturb(next) {
      disturbance = next;
      for (const response of hanging) response.destroy();
      hanging.clear();
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** Headers that describe the connection, or a body that `fetch` has decoded. */
const OF_CONNECTION = new Set([
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "content-encoding",
]);

async function forward(target: string, { method, url, headers }: IncomingMessage, body: Buffer) {
  const sent = Object.entries(headers).filter(
    (header): header is [string, string] =>
      typeof header[1] === "string" && !OF_CONNECTION.has(header[0]),
  );
  const response = await fetch(target + url, {
    method: method ?? "GET",
    headers: sent,
    body: body.length > 0 ? body : null,
  });
  const received = [...response.headers].filter(([name]) => !OF_CONNECTION.has(name));
  return {
    status: response.status,
    headers: received,
    body: Buffer.from(await response.arrayBuffer()),
  };
}

async function send(
  response: ServerResponse,
  status: number,
  body: Buffer,
  headers: [string, string][] = [["content-type", "application/json"]],
  isCut = false,
): Promise<void> {
  response.writeHead(status, [...headers, ["content-length", String(body.length)]].flat());
  if (!isCut) return void response.end(body);
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
}
