// Who comes: people and bots in the wanted shares, mixed, each with a user, an address and the SKU they
// are after.
import type { Sku } from "../client.ts";
import { UsageError } from "./options.ts";
import { eachAtMost, patiently } from "./patience.ts";
import { progress } from "./progress.ts";
import type { BotKind, Buyer, Stage } from "./scene.ts";
import { BOTS } from "./scenes/bots.ts";

/** Who is to come: how many, and the share of bots. */
interface Party {
  count: number;
  bots: number;
  concurrency: number;
}

/** Buyer number `index` of a scene, when `share` of them are bots. */
function describe(stage: Stage, index: number, share: number): Buyer {
  const botsBefore = Math.floor(index * share);
  const isBot = Math.floor((index + 1) * share) > botsBefore;
  const nth = isBot ? botsBefore : index - botsBefore;
  const user = `${stage.run}-${isBot ? "bot" : "buyer"}-${nth}`;
  const ip = stage.ip(index);
  // Neighbors of one kind want different things.
  const wish = isBot ? Math.floor(nth / BOTS.length) : nth;
  const sku = stage.skus[wish % stage.skus.length] as Sku;
  const bot = BOTS[nth % BOTS.length] as BotKind;
  return { nth, user, sku, ip, ...(isBot && { bot, ip: bot.address?.(stage) ?? ip }) };
}

/** Signs everybody in. Whoever the instance would not have is missing. */
export async function gather(stage: Stage, name: string, party: Party): Promise<Buyer[]> {
  const { count, concurrency, bots } = party;
  const buyers: Buyer[] = [];
  const step = progress(`${name}: signed in`, count);
  await eachAtMost(concurrency, Array(count).keys(), async (index) => {
    const buyer = describe(stage, index, bots);
    const token = await tokenFor(stage, buyer);
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

async function tokenFor(stage: Stage, buyer: Buyer): Promise<string | undefined> {
  if (stage.sign !== undefined) {
    return stage.sign(buyer.user);
  }
  const login = () => stage.client.login(buyer.user, { ip: buyer.ip });
  const answer = await patiently(stage.record, "login", login);
  return answer?.status === 200 ? answer.body.token : undefined;
}
