// Who comes: people and bots in the wanted shares, mixed, each with a user, an address and the SKU they
// are after.
import type { Caller, Sku } from "../client.ts";
import { BOTS, type BotKind } from "./bots.ts";
import { UsageError } from "./options.ts";
import { eachAtMost, patiently } from "./patience.ts";
import { progress } from "./progress.ts";
import type { Record } from "./record.ts";
import type { Target } from "./target.ts";

/** Somebody who wants a unit. */
export interface Buyer extends Caller {
  /** Counts people and bots separately: it decides how they behave. */
  nth: number;
  user: string;
  sku: Sku;
  /** What kind of bot it is; undefined for people. */
  bot?: BotKind;
}

/** Buyer number `index` of all, when `share` of them are bots. */
function describe(target: Target, index: number, share: number): Buyer {
  const botsBefore = Math.floor(index * share);
  const isBot = Math.floor((index + 1) * share) > botsBefore;
  const nth = isBot ? botsBefore : index - botsBefore;
  const user = `${target.run}-${isBot ? "bot" : "buyer"}-${nth}`;
  const ip = target.ip(index);
  // Neighbours of one kind want different things.
  const wish = isBot ? Math.floor(nth / BOTS.length) : nth;
  const sku = target.skus[wish % target.skus.length] as Sku;
  const bot = BOTS[nth % BOTS.length] as BotKind;
  return { nth, user, sku, ip, ...(isBot && { bot, ip: bot.address?.(target) ?? ip }) };
}

/** Signs `count` buyers in. Whoever the instance would not have is missing. */
export async function gather(
  target: Target,
  record: Record,
  { buyers: count, concurrency, bots }: { buyers: number; concurrency: number; bots: number },
): Promise<Buyer[]> {
  const buyers: Buyer[] = [];
  const step = progress("buyers signed in", count);
  await eachAtMost(concurrency, Array(count).keys(), async (index) => {
    const buyer = describe(target, index, bots);
    const token = await tokenFor(target, record, buyer);
    if (token === undefined && buyers.length === 0) {
      throw new UsageError(
        "The instance has no demo login: give its AUTH_SECRET with --auth-secret.",
      );
    }
    buyers.push(...(token === undefined ? [] : [{ ...buyer, token }]));
    step();
  });
  return buyers;
}

async function tokenFor(target: Target, record: Record, buyer: Buyer): Promise<string | undefined> {
  if (target.sign !== undefined) {
    return target.sign(buyer.user);
  }
  const login = () => target.client.login(buyer.user, { ip: buyer.ip });
  const answer = await patiently(record, "login", login);
  return answer?.status === 200 ? answer.body.token : undefined;
}
