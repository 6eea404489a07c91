// What is measured: each row is a request of ours and the bare request it is held against. To add a
// row, add an object here.
import { randomBytes } from "node:crypto";
import { drive, type Shot } from "./drive.ts";
import { CROWD, GONE, SALE, type Stage, settled } from "./stage.ts";

/** One side of a row: which Worker gets the requests, and the status every one of them must get. */
export interface Side {
  at: "ours" | "bare";
  status: number;
  /** `count` requests nobody has sent before, where that matters. */
  shots(stage: Stage, count: number): Promise<Shot[]> | Shot[];
}

/** A comparison: requests a second of `ours` over those of `bare`. */
export interface Row {
  name: string;
  /** Requests of each side in one round. */
  perRound: number;
  ours: Side;
  bare: Side;
  /** Runs once a stage, before the row. */
  prepare?(stage: Stage): Promise<void>;
}

const WISH = JSON.stringify({ quantity: 1 });
const PAGE: Shot = { method: "GET", path: `/sales/${SALE}` };
const BARE_PAGE: Shot = { method: "GET", path: "/answer" };
const BARE_POST: Shot = { method: "POST", path: "/answer", body: WISH };
const RETURNING = 1_500;

const bareInsert: Side = {
  at: "bare",
  status: 202,
  shots: (_, count) => commands("/insert", count),
};
let returning: Shot[] = [];

export const ROWS: Row[] = [
  {
    name: "sale page ÷ bare Hono route, same bytes",
    perRound: 4_000,
    ours: { at: "ours", status: 200, shots: (_, count) => Array(count).fill(PAGE) },
    bare: { at: "bare", status: 200, shots: (_, count) => Array(count).fill(BARE_PAGE) },
    prepare: (stage) => teach(stage, PAGE),
  },
  {
    name: "order accepted ÷ bare object, one insert",
    perRound: 1_500,
    ours: { at: "ours", status: 202, shots: (stage, count) => orders(stage, CROWD, count) },
    bare: bareInsert,
  },
  {
    name: "order accepted, the objects alone",
    perRound: 1_500,
    ours: { at: "bare", status: 202, shots: (_, count) => commands(`/reserve/${CROWD}`, count) },
    bare: bareInsert,
  },
  {
    name: "repeat of a finished order ÷ bare Hono POST",
    perRound: RETURNING,
    ours: { at: "ours", status: 202, shots: (_, count) => returning.slice(0, count) },
    bare: { at: "bare", status: 202, shots: (_, count) => Array(count).fill(BARE_POST) },
    async prepare(stage) {
      returning = await orders(stage, CROWD, RETURNING);
      await drive(stage.ours, returning, 202);
      await settled(stage);
      await teach(stage, returning[0] as Shot);
    },
  },
  {
    name: "sold-out refusal ÷ bare Hono POST",
    perRound: 1_500,
    ours: { at: "ours", status: 409, shots: (stage, count) => orders(stage, GONE, count) },
    bare: { at: "bare", status: 409, shots: (_, count) => Array(count).fill(BARE_POST) },
    async prepare(stage) {
      await stage.client.order(GONE, "last-unit", { token: await stage.sign("last") });
      const [late] = await orders(stage, GONE, 1);
      await teach(stage, late as Shot);
    },
  },
];

/** Orders of as many new users, each from an address of their own. */
async function orders(stage: Stage, sku: string, count: number): Promise<Shot[]> {
  return Promise.all(
    Array.from({ length: count }, async () => ({
      method: "POST",
      path: `/api/skus/${sku}/orders`,
      headers: {
        authorization: `Bearer ${await stage.sign(unique())}`,
        "idempotency-key": unique(),
        "cf-connecting-ip": [198, 18, ...randomBytes(2)].join("."),
      },
      body: WISH,
    })),
  );
}

/** What the Worker would tell the object: the reservation without the way to it. */
function commands(path: string, count: number): Shot[] {
  return Array.from({ length: count }, () => {
    const orderId = `${CROWD}.0.${unique()}`;
    const keys = { idempotencyKey: unique(), fingerprint: "bench" };
    return {
      method: "POST",
      path,
      body: JSON.stringify({ userId: unique(), orderId, quantity: 1, ...keys }),
    };
  });
}

/** Lets the comparator answer what we answer to `shot`, byte for byte. */
async function teach(stage: Stage, { method, path, headers, body }: Shot): Promise<void> {
  const json = body !== undefined && { "content-type": "application/json" };
  const answer = await fetch(new URL(path, stage.ours), {
    method,
    headers: { ...json, ...headers },
    body: body ?? null,
  });
  const type = answer.headers.get("content-type");
  const canned = { status: answer.status, type, body: await answer.text() };
  await fetch(new URL("/answer", stage.bare), { method: "PUT", body: JSON.stringify(canned) });
}

/** Twenty characters, as the random part of an order id has. */
function unique(): string {
  return randomBytes(10).toString("hex");
}
