// The crowd. Every buyer opens the page and wants one unit; how they behave depends on their number:
// one click or several at once, one key or two, and some come back later or send rubbish.
import { setTimeout as pause } from "node:timers/promises";
import type { Answer, Caller, Order } from "../client.ts";
import { isDecided, type Kind, retryAfterSeconds } from "./contract.ts";
import type { Purchase, Record } from "./record.ts";
import { rubbish } from "./rubbish.ts";
import type { Target } from "./target.ts";

/** How long a buyer goes on while the instance says "later". */
const PATIENCE_MS = 60_000;

/** What a buyer does: `keys` purchases with `clicks` clicks each, all at once, then the rest. */
interface Habit {
  keys: number;
  clicks: number;
  afterwards: ("same key" | "other key" | "other body")[];
}

const HABITS: Habit[] = [
  { keys: 1, clicks: 1, afterwards: [] },
  { keys: 1, clicks: 2, afterwards: [] },
  { keys: 1, clicks: 1, afterwards: ["same key"] },
  { keys: 2, clicks: 1, afterwards: [] },
  { keys: 1, clicks: 1, afterwards: ["other key"] },
  { keys: 2, clicks: 3, afterwards: ["same key"] },
  { keys: 1, clicks: 1, afterwards: ["same key", "other key", "other body"] },
];
/** Every so manieth buyer also sends rubbish. */
const RUBBISH_EVERY = 3;

export interface Buyer extends Caller {
  index: number;
  user: string;
}

/** Signs buyer `index` in. Undefined if the instance would not have it. */
export async function signIn(
  target: Target,
  record: Record,
  index: number,
): Promise<Buyer | undefined> {
  const user = `${target.run}-${index}`;
  const ip = target.ip(index);
  if (target.sign !== undefined) {
    return { index, user, ip, token: await target.sign(user) };
  }
  const login = () => target.client.login(user, { ip });
  const answer = await patiently(record, "login", login);
  return answer?.status === 200 ? { index, user, ip, token: answer.body.token } : undefined;
}

/** Lets one buyer do everything they do. */
export async function shop(target: Target, record: Record, buyer: Buyer): Promise<void> {
  const { client, saleId, sku, run } = target;
  const habit = HABITS[buyer.index % HABITS.length] as Habit;
  const buy = async (kind: Kind, purchase: Purchase) => {
    const send = () => client.order(sku.id, purchase.key, buyer);
    const answer = await patiently<Order>(record, kind, send);
    purchase.gaveUp ||= answer === undefined;
    purchase.answers.push(...(answer === undefined ? [] : [answer]));
  };
  await patiently(record, "page", () => client.send("GET", `/sales/${saleId}`, { ip: buyer.ip }));
  if (buyer.index % RUBBISH_EVERY === 0) {
    const { send, possible } = rubbish(buyer.index / RUBBISH_EVERY);
    await patiently(
      record,
      "rubbish",
      () => send(client, `/api/skus/${sku.id}/orders`, buyer),
      possible,
    );
  }
  const wish = (nth: number) => record.purchase(buyer.user, `${run}-${buyer.index}-${nth}`);
  const purchases = Array.from({ length: habit.keys }, (_, nth) => wish(nth));
  const clicks = Array.from({ length: habit.clicks }, () => purchases).flat();
  await Promise.all(
    clicks.map((purchase, nth) => buy(nth < habit.keys ? "buy" : "same key", purchase)),
  );
  for (const deed of habit.afterwards) {
    if (deed === "other body") {
      const key = `${run}-${buyer.index}-0`;
      await patiently(record, deed, () => client.order(sku.id, key, buyer, { quantity: 2 }));
    } else {
      await buy(deed, deed === "same key" ? (purchases[0] as Purchase) : wish(habit.keys));
    }
  }
}

/**
 * Sends until the answer decides something, waiting as long as the instance asks in between, and
 * notes every answer. Undefined after a minute of "later", or when no answer came at all.
 */
export async function patiently<Body>(
  record: Record,
  kind: Kind,
  send: () => Promise<Answer<Body>>,
  possible?: string[],
): Promise<Answer<Body> | undefined> {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    try {
      const answer = await send();
      record.answer(kind, answer, possible);
      if (isDecided(answer)) {
        return answer;
      }
      await pause(retryAfterSeconds(answer) * 1000);
    } catch (error) {
      record.silence(kind, error);
      return undefined;
    }
  }
  return undefined;
}

/** Runs `work` over all of `items`, `atOnce` of them at the same time. */
export async function eachAtMost<Item>(
  atOnce: number,
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      await work(next.value);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
