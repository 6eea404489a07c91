// The operator's routes for dead letters: list, show, replay, discard.
import type { Redis } from "@upstash/redis/cloudflare";
import { type Context, Hono } from "hono";
import { problem, refuse } from "../http/errors.ts";
import type { AppEnv } from "../http/request.ts";
import { callInventory } from "../inventory/client.ts";
import type { OrderInspection } from "../inventory/inspection.ts";
import {
  ALL,
  discardDeadLetters,
  findDeadLetter,
  listDeadLetters,
  orderIdIn,
  type StoredLetter,
} from "../orders/dead-letters.ts";
import type { DeadLetter } from "../orders/delivery.ts";
import { withRedis } from "../redis/client.ts";
import type { Keys } from "../redis/keys.ts";
import { recorded } from "./log.ts";
import { addressOf } from "./orders.ts";

type Bindings = Pick<Env, "ORDERS" | "DUE_PAYMENTS" | "WEBHOOKS">;

/** The most letters that one request replays, and the letters in one batch. */
const MAX_REPLAYED = 1_000;
const BATCH_SIZE = 50;

const inRedis = <T>(
  c: Context<AppEnv>,
  work: (redis: Redis, keys: Keys) => Promise<T>,
): Promise<T> => withRedis(c.get("config"), "redis-background", work);

/** A letter as the API returns it. Unreadable letters are listed too, so that they can be discarded. */
const toView = ({ id, text, letter }: StoredLetter): DeadLetter =>
  letter ?? {
    id,
    queue: "unknown",
    message: text,
    reason: "the stored letter cannot be read",
    attempts: 0,
    diedAt: new Date(0).toISOString(),
  };

/**
 * The order that a letter is about, as its ledger has it now. Null if there is no such order, absent if the letter names
 * none. The letter is shown even if the ledger does not answer.
 */
async function orderOf(
  c: Context<AppEnv>,
  { letter }: StoredLetter,
): Promise<{ order?: OrderInspection | null; ledger?: "overloaded" | "unavailable" }> {
  const orderId = letter && orderIdIn(letter.message);
  if (orderId === undefined) return {};
  const address = await addressOf(c, orderId);
  if (!address) return { order: null };
  const answer = await callInventory(c.env, address, (inventory) => inventory.inspect(orderId));
  return answer.ok ? { order: answer.value } : { ledger: answer.reason };
}

/** The queue that a letter came from. */
function originOf(env: Bindings, { queue }: DeadLetter): Queue {
  if (queue.endsWith("-webhooks")) return env.WEBHOOKS;
  return queue.endsWith("-payments") ? env.DUE_PAYMENTS : env.ORDERS;
}

/** Removes replayed letters only once the queue has them. A repeated replay does no harm, a lost letter does. */
async function replay(
  env: Bindings,
  redis: Redis,
  keys: Keys,
  letters: StoredLetter[],
): Promise<number> {
  const readable = letters.flatMap(({ id, letter }) => (letter ? [{ ...letter, id }] : []));
  for (let at = 0; at < readable.length; at += BATCH_SIZE) {
    const batch = readable.slice(at, at + BATCH_SIZE);
    const groups = Map.groupBy(batch, (letter) => originOf(env, letter));
    for (const [queue, group] of groups) {
      await queue.sendBatch(group.map(({ message: body }) => ({ body })));
    }
    await discardDeadLetters(
      redis,
      keys,
      batch.map(({ id }) => id),
    );
  }
  return readable.length;
}

/** Replays page by page. `more` means that letters are left for another request. */
async function replayAll(
  env: Bindings,
  redis: Redis,
  keys: Keys,
): Promise<{ replayed: number; more?: true }> {
  let replayed = 0;
  let cursor: string | undefined;
  do {
    const page = await listDeadLetters(redis, keys, cursor);
    replayed += await replay(env, redis, keys, page.letters.slice(0, MAX_REPLAYED - replayed));
    cursor = page.cursor;
    if (replayed >= MAX_REPLAYED) return { replayed, more: true };
  } while (cursor);
  return { replayed };
}

/** Cursors are Redis's own scan cursors: numbers of 64 bits. It answers an error for any other text. */
const isCursor = (text: string): boolean => /^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n;

/** A page of letters, oldest first. Undefined if the cursor is none. */
export async function listLetters(
  c: Context<AppEnv>,
  given: string | undefined,
): Promise<{ deadLetters: DeadLetter[]; cursor?: string } | undefined> {
  if (given !== undefined && !isCursor(given)) return undefined;
  const page = await inRedis(c, (redis, keys) => listDeadLetters(redis, keys, given));
  const { letters, cursor } = page;
  return { deadLetters: letters.map(toView), ...(cursor ? { cursor } : {}) };
}

const find = (c: Context<AppEnv>, id: string): Promise<StoredLetter | undefined> =>
  inRedis(c, (redis, keys) => findDeadLetter(redis, keys, id));

/** A letter with the order that it is about. Undefined if there is no such letter. */
export async function inspectLetter(c: Context<AppEnv>, id: string) {
  const stored = await find(c, id);
  return stored && { ...toView(stored), ...(await orderOf(c, stored)) };
}

/** Sends a letter's message to its queue again. `id`: `ALL` addresses every letter. */
export async function applyReplay(
  c: Context<AppEnv>,
  id: string,
  reason?: string,
): Promise<Response> {
  const found = id === ALL ? ALL : await find(c, id);
  if (!found) return problem(c, refuse("not_found"));
  if (found !== ALL && !found.letter) {
    const issues = [{ path: "id", message: "the stored letter cannot be read; discard it" }];
    return problem(c, refuse("invalid_request", { issues }));
  }
  const intent = { action: "dead_letter.replayed", target: `dead-letter/${id}`, reason } as const;
  return recorded(c, intent, async (note) => {
    const replayed = await inRedis(c, async (redis, keys) =>
      found === ALL
        ? replayAll(c.env, redis, keys)
        : { replayed: await replay(c.env, redis, keys, [found]) },
    );
    note({}, replayed);
    return c.json(replayed);
  });
}

export async function applyDiscard(
  c: Context<AppEnv>,
  id: string,
  reason?: string,
): Promise<Response> {
  const intent = { action: "dead_letter.discarded", target: `dead-letter/${id}`, reason } as const;
  return recorded(c, intent, async () => {
    const discarded = await inRedis(c, (redis, keys) => discardDeadLetters(redis, keys, [id]));
    return discarded > 0 ? c.body(null, 204) : problem(c, refuse("not_found"));
  });
}

export const deadLetterRoutes = new Hono<AppEnv>()
  .get("/", async (c) => {
    const page = await listLetters(c, c.req.query("cursor"));
    if (page) return c.json(page);
    const issues = [{ path: "cursor", message: "is not a cursor of this list" }];
    return problem(c, refuse("invalid_request", { issues }));
  })
  .get("/:id", async (c) => {
    const letter = await inspectLetter(c, c.req.param("id"));
    return letter ? c.json(letter) : problem(c, refuse("not_found"));
  })
  // "all" is an id here. A static path beside `:id` would make Hono fall back to a slower router for the whole app.
  .post("/:id/replay", (c) => applyReplay(c, c.req.param("id")))
  .delete("/:id", (c) => applyDiscard(c, c.req.param("id")));
