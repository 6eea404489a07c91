// Creates the buyers of a scenario: people and bots, interleaved, each with a user, an address and a SKU.
import type { Sku } from "../client.ts";
import { forEachConcurrently } from "./concurrency.ts";
import { UsageError } from "./options.ts";
import { progress } from "./progress.ts";
import type { BotKind, Buyer, ScenarioContext } from "./scenario.ts";
import { BOTS } from "./scenarios/bots.ts";
import { sendWithRetry } from "./send.ts";

interface Crowd {
  count: number;
  /** Share of the buyers that are bots, 0 to 1. */
  bots: number;
  concurrency: number;
  /** See `Scenario`. */
  skuOf?: ((nth: number) => number) | undefined;
}

/** The buyer with this `index` in the crowd. */
function buyerAt(
  context: ScenarioContext,
  index: number,
  { bots: botShare, skuOf }: Pick<Crowd, "bots" | "skuOf">,
): Buyer {
  const botsBefore = Math.floor(index * botShare);
  const isBot = Math.floor((index + 1) * botShare) > botsBefore;
  const nth = isBot ? botsBefore : index - botsBefore;
  const user = `${context.run}-${isBot ? "bot" : "buyer"}-${nth}`;
  const ip = context.ip(index);
  // Adjacent buyers of one kind choose different SKUs.
  const choice = isBot ? Math.floor(nth / BOTS.length) : (skuOf?.(nth) ?? nth);
  const sku = context.skus[choice % context.skus.length] as Sku;
  const bot = BOTS[nth % BOTS.length] as BotKind;
  return { nth, user, sku, ip, ...(isBot && { bot, ip: bot.address?.(context) ?? ip }) };
}

/** Signs the crowd in. Buyers the instance refuses to sign in are left out. */
export async function signInBuyers(
  context: ScenarioContext,
  name: string,
  { count, concurrency, ...kinds }: Crowd,
): Promise<Buyer[]> {
  const buyers: Buyer[] = [];
  const step = progress(`${name}: buyers signed in`, count);
  await forEachConcurrently(concurrency, Array(count).keys(), async (index) => {
    const buyer = buyerAt(context, index, kinds);
    const token = await tokenFor(context, buyer);
    if (token === undefined && buyers.length === 0) {
      throw new UsageError(
        "The instance has no demo login: pass its AUTH_SECRET with --auth-secret.",
      );
    }
    buyers.push(...(token === undefined ? [] : [{ ...buyer, token }]));
    step();
  });
  return buyers;
}

async function tokenFor(context: ScenarioContext, buyer: Buyer): Promise<string | undefined> {
  if (context.sign !== undefined) {
    return context.sign(buyer.user);
  }
  const login = () => context.client.login(buyer.user, { ip: buyer.ip });
  const answer = await sendWithRetry(context.recorder, "login", login);
  return answer?.status === 200 ? answer.body.token : undefined;
}
