// What is measured: each row is a request of ours and the bare request it is held against. To add a
// row, add an object here.
import { expectOk } from "../client.ts";
import { drive, type Shot } from "./drive.ts";
import {
  attempt,
  BATCH,
  commands,
  etagOf,
  openLentSku,
  orders,
  PAID_WISH,
  reservations,
  reservedBatches,
  teach,
  WISH,
} from "./requests.ts";
import {
  CHALLENGED,
  CROWD,
  GONE,
  knownSoldOut,
  LATER,
  LIMITED,
  PAID,
  SALE,
  type Stage,
  settled,
} from "./stage.ts";

/** One side of a row: which Worker gets the requests, and the status every one of them must get. */
export interface Side {
  at: "ours" | "bare";
  status: number;
  /** `count` requests nobody has sent before, where that matters. */
  shots(stage: Stage, count: number): Promise<Shot[]> | Shot[];
}

/** A comparison: requests a second of `ours` over those of `bare`, where there is one. */
export interface Row {
  name: string;
  /** Requests of each side in one round. */
  perRound: number;
  /** How many rounds it takes for each one that is asked for; one, if absent. */
  repeats?: number;
  /** What one request stands for in the figures, if not for itself. */
  worth?: number;
  ours: Side;
  bare?: Side;
  /** Runs once a stage, before the row. */
  prepare?(stage: Stage): Promise<void>;
}

const CROWD_SIZE = 300;
/**
 * Rounds of requests that leave nothing behind: short, so that both sides meet the same mood of a shared
 * machine, and many, so that their median is steady.
 */
const BRIEF = { perRound: CROWD_SIZE, repeats: 10 };
const PAGE: Shot = { method: "GET", path: `/sales/${SALE}` };
const API = `/api/sales/${SALE}`;

/** The same request again and again. */
const again = (at: Side["at"], status: number, shot: Shot): Side => ({
  at,
  status,
  shots: (_, count) => Array(count).fill(shot),
});

/** A page or an API answer that is the same for everybody, against a bare route with that answer. */
const shared = (name: string, shot: Shot, barePath: string): Row => ({
  name,
  ...BRIEF,
  ours: again("ours", 200, shot),
  bare: again("bare", 200, { ...shot, path: barePath }),
  prepare: (stage) => teach(stage, shot),
});

/** A refusal, against a bare POST route that reads JSON and answers this JSON. */
const refusal = (name: string, status: number, shot: () => Shot): Row => ({
  name: `${name} ÷ bare Hono POST`,
  ...BRIEF,
  ours: { at: "ours", status, shots: (_, count) => Array.from({ length: count }, shot) },
  bare: {
    at: "bare",
    status,
    shots: (_, count) => Array.from({ length: count }, () => ({ ...shot(), path: "/answer" })),
  },
  prepare: (stage) => teach(stage, shot()),
});

/** The same for refusals of callers that `crowd` prepares; they all ask again in each round. */
function crowdRefusal(
  name: string,
  status: number,
  crowd: (stage: Stage) => Promise<Shot[]>,
  path = "/answer",
): Row {
  let shots: Shot[] = [];
  const asked = (count: number) =>
    Array.from({ length: count }, (_, at) => shots[at % shots.length] as Shot);
  return {
    name: name.includes("÷") ? name : `${name} ÷ bare Hono POST`,
    ...BRIEF,
    ours: { at: "ours", status, shots: (_, count) => asked(count) },
    bare: {
      at: "bare",
      status,
      shots: (_, count) => asked(count).map((shot) => ({ ...shot, path })),
    },
    async prepare(stage) {
      shots = await crowd(stage);
      await teach(stage, shots[0] as Shot);
    },
  };
}

const bareInsert: Side = {
  at: "bare",
  status: 202,
  shots: (_, count) => commands("/insert", count),
};

let returning: Shot[] = [];
let unchanged: Shot = PAGE;

const PAGES: Row[] = [
  shared("sale page ÷ bare Hono route", PAGE, "/answer"),
  shared("HEAD of it ÷ the same", { ...PAGE, method: "HEAD" }, "/answer"),
  {
    name: "304 ÷ bare Hono 304",
    ...BRIEF,
    ours: { at: "ours", status: 304, shots: (_, count) => Array(count).fill(unchanged) },
    bare: {
      at: "bare",
      status: 304,
      shots: (_, count) => Array(count).fill({ ...unchanged, path: "/unchanged" }),
    },
    async prepare(stage) {
      unchanged = { ...PAGE, headers: { "if-none-match": await etagOf(stage, PAGE.path) } };
      await teach(stage, PAGE);
    },
  },
  shared("live stock ÷ bare Hono JSON", { method: "GET", path: `${API}/live` }, "/json"),
  shared("catalog API ÷ bare Hono JSON", { method: "GET", path: API }, "/json"),
];

const REFUSALS: Row[] = [
  refusal("bad shape", 400, () => attempt(CROWD, '{"quantity":0}')),
  refusal("unknown SKU", 404, () => attempt("no-such-sku", WISH)),
  refusal("sale not open", 403, () => attempt(LATER, WISH)),
  refusal("not signed in", 401, () => attempt(CROWD, WISH)),
  crowdRefusal("blocked, known to the edge", 403, async (stage) => {
    const crowd = await orders(stage, CROWD, 1);
    const from = crowd[0]?.headers?.["cf-connecting-ip"];
    expectOk(await stage.client.admin("PUT", `/denylist/ip/${from}`));
    return crowd;
  }),
  crowdRefusal("sold out, known to the edge", 409, async (stage) => {
    await stage.client.order(GONE, "last-unit", { token: await stage.sign("last") });
    await knownSoldOut(stage, GONE);
    return orders(stage, GONE, CROWD_SIZE);
  }),
  crowdRefusal("over the limit, known to the edge", 429, async (stage) => {
    const crowd = await orders(stage, LIMITED, CROWD_SIZE);
    await drive(stage.ours, crowd, 202);
    return crowd;
  }),
  crowdRefusal(
    "forged token ÷ bare Hono POST behind the same shield",
    401,
    async (stage) => {
      const crowd = await orders(stage, CROWD, CROWD_SIZE);
      const forge = (headers: Shot["headers"]) => `${headers?.authorization}x`;
      return crowd.map((shot) => ({
        ...shot,
        headers: { ...shot.headers, authorization: forge(shot.headers) },
      }));
    },
    "/shielded",
  ),
  crowdRefusal(
    "challenge asked ÷ the same",
    403,
    (stage) => orders(stage, CHALLENGED, CROWD_SIZE),
    "/shielded",
  ),
];

const ORDERS: Row[] = [
  {
    name: "order accepted, limits included ÷ bare object, one insert",
    perRound: 400,
    ours: { at: "ours", status: 202, shots: (stage, count) => orders(stage, CROWD, count) },
    bare: bareInsert,
  },
  {
    name: "paid order accepted ÷ the same",
    perRound: 400,
    ours: {
      at: "ours",
      status: 202,
      shots: (stage, count) => orders(stage, PAID, count, PAID_WISH),
    },
    bare: bareInsert,
  },
  {
    name: "repeat of a finished order ÷ bare Hono POST",
    perRound: CROWD_SIZE,
    ours: { at: "ours", status: 202, shots: (_, count) => returning.slice(0, count) },
    bare: again("bare", 202, { method: "POST", path: "/answer", body: WISH }),
    async prepare(stage) {
      returning = await orders(stage, CROWD, CROWD_SIZE);
      await drive(stage.ours, returning, 202);
      await settled(stage);
      await teach(stage, returning[0] as Shot);
    },
  },
  {
    name: "order accepted, without limits ÷ the same",
    perRound: 600,
    ours: { at: "bare", status: 202, shots: reservations },
    bare: bareInsert,
    prepare: openLentSku,
  },
  {
    name: "consumer: orders settled",
    perRound: 20,
    worth: BATCH,
    ours: { at: "bare", status: 204, shots: reservedBatches },
    prepare: openLentSku,
  },
];

export const ROWS: Row[] = [...PAGES, ...REFUSALS, ...ORDERS];
