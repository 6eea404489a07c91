// A fast HTTP client for the bench: prepared bytes over kept-alive sockets, one request at a time on
// each, and only as much parsing as it takes to find the end of an answer and its status.
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Enough to keep workerd busy all the time. */
const CONNECTIONS = 32;

/** A request, before it is turned into bytes. */
export interface Shot {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

function wire({ method, path, headers, body = "" }: Shot): Buffer {
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
 * Sends all `shots` over `connections` sockets and returns the seconds it took. Rejects on the
 * first answer whose status is not `status`: a bench of errors measures nothing.
 */
export async function drive(
  url: URL,
  shots: Shot[],
  status: number,
  connections = CONNECTIONS,
): Promise<number> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(url)));
  const queue = shots.map(wire).values();
  const bodiless = shots[0]?.method === "HEAD" || status === 204 || status === 304;
  try {
    const start = performance.now();
    await Promise.all(sockets.map((socket) => work(socket, queue, status, bodiless)));
    return (performance.now() - start) / 1000;
  } finally {
    for (const socket of sockets) {
      socket.destroy();
    }
  }
}

async function open(url: URL): Promise<Socket> {
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  await once(socket, "connect");
  return socket;
}

function work(
  socket: Socket,
  queue: Iterator<Buffer>,
  status: number,
  bodiless: boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const next = () => {
      const { done, value } = queue.next();
      if (done) {
        resolve();
      } else {
        socket.write(value);
      }
    };
    socket.on("data", (chunk) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      if (!isComplete(received, bodiless)) {
        return;
      }
      if (Number(received.subarray(9, 12).toString()) !== status) {
        reject(new Error(`expected ${status}, got: ${received.toString().slice(0, 2000)}`));
        return;
      }
      received = Buffer.alloc(0);
      next();
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("the server closed the connection")));
    next();
  });
}

/** Whether one whole answer has arrived; with one request in flight nothing can follow it. */
function isComplete(received: Buffer, bodiless: boolean): boolean {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) {
    return false;
  }
  if (bodiless) {
    return true;
  }
  const head = received.toString("latin1", 0, end).toLowerCase();
  const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1];
  if (length !== undefined) {
    return received.length >= end + 4 + Number(length);
  }
  return received.subarray(-5).equals(LAST_CHUNK);
}

const LAST_CHUNK = Buffer.from("0\r\n\r\n");
