// Creates the buyers of a scenario: people and bots, interleaved, each with a user, an address and a SKU.
import type { Sku } from "../client.ts";
import { forEachConcurrently } from "./concurrency.ts";
import { addressOf } from "./instance.ts";
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

/** The buyer with this `index` in the crowd, before signing in. */
function buyerAt(
  context: ScenarioContext,
  index: number,
  { bots: botShare, skuOf }: Pick<Crowd, "bots" | "skuOf">,
): { buyer: Buyer; name: string; address: string } {
  const botsBefore = Math.floor(index * botShare);
  const isBot = Math.floor((index + 1) * botShare) > botsBefore;
  const nth = isBot ? botsBefore : index - botsBefore;
  const name = `${context.run}-${isBot ? "bot" : "buyer"}-${nth}`;
  // Adjacent buyers of one kind choose different SKUs.
  const choice = isBot ? Math.floor(nth / BOTS.length) : (skuOf?.(nth) ?? nth);
  const sku = context.skus[choice % context.skus.length] as Sku;
  const bot = isBot ? (BOTS[nth % BOTS.length] as BotKind) : undefined;
  const own = context.ip(index);
  const buyer: Buyer = {
    nth,
    user: context.signer?.userOf(name) ?? name,
    sku,
    ip: own && (bot?.address ?? own),
    ...(bot && { bot }),
  };
  return { buyer, name, address: bot?.address ?? addressOf(index) };
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
    const { buyer, ...person } = buyerAt(context, index, kinds);
    // People have solved a challenge, bots have not.
    const signed = context.signer?.sign(person.name, person.address, buyer.bot === undefined);
    const token = await (signed ?? logIn(context, buyer));
    buyers.push(...(token === undefined ? [] : [{ ...buyer, token }]));
    step();
  });
  return buyers;
}

async function logIn(context: ScenarioContext, buyer: Buyer): Promise<string | undefined> {
  const login = () => context.client.login(buyer.user, { ip: buyer.ip });
  const answer = await sendWithRetry(context.recorder, "login", login);
  return answer?.status === 200 ? answer.body.token : undefined;
}
