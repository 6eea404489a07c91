// A network that answers the client's requests from a list, and records what was sent.
import { afterEach, beforeEach, vi } from "vitest";
import type { Line, Order, Ticket } from "../../src/client/index.ts";

/** `lost`: the connection breaks. `hung`: nothing ever comes. */
export type Answer = "lost" | "hung" | Reply;

interface Reply {
  status: number;
  /** What is not an object is no JSON. */
  body: object | string;
  /** Seconds, or as a proxy words it. */
  retryAfter?: number | string;
  /** The clock of the server. */
  date?: string;
}

export interface Request {
  /** Such as `POST /skus/shoe/orders`. */
  call: string;
  headers: Record<string, string>;
  body: Record<string, unknown>;
  /** Milliseconds since the test began. */
  at: number;
}

export function fakeApi(...answers: Answer[]) {
  const sent: Request[] = [];
  const start = Date.now();
  const send = async (url: string, { method, headers, body }: RequestInit) => {
    const call = `${method} ${url.slice(url.indexOf("/api") + 4)}`;
    const at = Date.now() - start;
    sent.push({
      call,
      headers: Object.fromEntries(new Headers(headers)),
      body: JSON.parse(`${body ?? "{}"}`),
      at,
    });
    const answer = answers.shift();
    if (answer === "hung") return new Promise<Response>(() => {});
    if (!answer || answer === "lost") throw new TypeError("The connection was lost");
    const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
    const after = answer.retryAfter;
    const own = {
      ...(after === undefined ? {} : { "retry-after": `${after}` }),
      ...(answer.date === undefined ? {} : { date: answer.date }),
    };
    return new Response(text, { status: answer.status, headers: own });
  };
  const of = (call: string) => sent.filter((request) => request.call === call);
  return { sent, of, options: { baseUrl: "https://drops.test", fetch: send as typeof fetch } };
}

export const ok = (body: object): Answer => ({ status: 200, body });

export const refused = (status: number, code: string, more: object = {}, retryAfter = 0) =>
  ({ status, body: { code, detail: code, status, ...more }, retryAfter }) satisfies Reply;

export const anOrder = (more: Partial<Order> = {}): Order =>
  ({ id: "order", skuId: "shoe", version: 1, status: "reserved", ...more }) as Order;

export const aTicket = (more: Partial<Ticket> = {}): Ticket =>
  ({ ticket: "ticket", userId: "ann", place: 5, state: "waiting", ...more }) as Ticket;

const CLOSED_AT = "2026-12-01T09:00:00.000Z";

export const aLine = (more: Partial<Line> = {}): Line => ({
  ...{ asOf: "2026-12-01T09:01:00.000Z", mode: "queue", frontier: 1 },
  ...{ opensAt: CLOSED_AT, registrationOpensAt: CLOSED_AT, registrationClosesAt: CLOSED_AT },
  ...{ registered: 9, waiting: 9, admittedPerSecond: 1, ratePerSecond: 1 },
  ...{ arrivals: [[0, 0]], paused: false, over: false, mayReturn: false, notice: null },
  ...{ pollSeconds: 2, soonestEndSeconds: 60, historyHash: "" },
  ...more,
});

/** Lets all time pass that a test waits for. */
export function withoutWaiting(): void {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
}

/** The value or error of a call, after as much time as it takes. */
export async function outcome<Value>(call: Promise<Value>): Promise<Value | Error> {
  const settled = call.catch((error: Error) => error);
  await vi.runAllTimersAsync();
  return settled;
}
