// A fast HTTP load generator: it writes prebuilt requests to keep-alive sockets, one request in flight per socket,
// and parses only the status and the end of each response. A full HTTP client would take more CPU than the Worker.
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Enough requests in flight to keep workerd busy. */
const CONNECTIONS = 32;
/** A Worker that is silent for this long fails the row instead of hanging the run. */
const RESPONSE_TIMEOUT_MS = 60_000;
/** How much of an unexpected response's body the error quotes, in characters. */
const QUOTED = 500;
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** A request before it is serialized. */
export interface RequestSpec {
  method: string;
  path: string;
  headers?: Record<string, string>;
  /** JSON text. */
  body?: string;
}

function serialize({ method, path, headers, body = "" }: RequestSpec): Buffer {
  const all = {
    host: "localhost",
    ...(body !== "" && {
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(body)),
    }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
}

/**
 * Sends all `requests` over `connections` sockets.
 *
 * @param status the status that every response must have
 * @returns seconds from the first request to the last response; connecting is not included
 * @throws on the first response with another status, because the speed of errors is not a result
 */
export async function sendAll(
  url: URL,
  requests: RequestSpec[],
  status: number,
  connections = CONNECTIONS,
): Promise<number> {
  const queue = requests.map(serialize).values();
  const bodiless = requests[0]?.method === "HEAD" || status === 204 || status === 304;
  const sockets = Array.from({ length: connections }, () =>
    connect({ host: url.hostname, port: Number(url.port), noDelay: true }),
  );
  try {
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    const start = performance.now();
    await Promise.all(sockets.map((socket) => sendFrom(queue, socket, status, bodiless)));
    return (performance.now() - start) / 1000;
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** Sends requests from the shared `queue` over one socket until the queue is empty. */
function sendFrom(
  queue: Iterator<Buffer>,
  socket: Socket,
  status: number,
  bodiless: boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let request: Buffer | undefined;
    let received = Buffer.alloc(0);
    const sendNext = () => {
      request = queue.next().value;
      if (request) socket.write(request);
      else resolve();
    };
    socket.on("data", (chunk) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      if (!isComplete(received, bodiless)) return;
      if (Number(received.subarray(9, 12).toString()) !== status) {
        reject(new Error(unexpected(request, received, status)));
        return;
      }
      received = Buffer.alloc(0);
      sendNext();
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("the Worker closed the connection")));
    socket.setTimeout(RESPONSE_TIMEOUT_MS, () =>
      reject(new Error(`no response within ${RESPONSE_TIMEOUT_MS / 1000} s`)),
    );
    sendNext();
  });
}

function unexpected(request: Buffer | undefined, response: Buffer, status: number): string {
  const [requestLine] = String(request).split(" HTTP/1.1");
  const [head = "", body = ""] = String(response).split("\r\n\r\n");
  const [statusLine = ""] = head.split("\r\n");
  const got = statusLine.replace("HTTP/1.1 ", "");
  return `${requestLine}: expected status ${status}, got ${got}: ${body.slice(0, QUOTED)}`;
}

/** Whether `received` holds a whole response. One request is in flight, so nothing follows it. */
function isComplete(received: Buffer, bodiless: boolean): boolean {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return false;
  if (bodiless) return true;
  const head = received.toString("latin1", 0, end).toLowerCase();
  const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1];
  if (length !== undefined) return received.length >= end + 4 + Number(length);
  return received.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK);
}
