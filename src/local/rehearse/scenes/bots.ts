// The bots. Each kind tries to get more, or to get it faster, than people can. What they are told is
// held against the contract like everybody's; whether it stops them is what the report says.
import { randomBytes } from "node:crypto";
import type { Order } from "../../client.ts";
import { tokenSigner } from "../../tokens.ts";
import { isDecided } from "../contract.ts";
import { once } from "../patience.ts";
import type { BotKind, BotOrder, Buyer, Stage } from "../scene.ts";

const HAMMER_BURSTS = 6;
const HAMMER_CLICKS = 5;
const ADDRESSES = 20;
/** Outside of those that people have. */
const FARM_ADDRESS = "203.0.113.7";

const repeat = <T>(times: number, make: (at: number) => T): T[] =>
  Array.from({ length: times }, (_, at) => make(at));

export const BOTS: BotKind[] = [
  // Straight to the API, once.
  { name: "no page visit", bursts: () => [[{}]] },
  // Again and again, whatever the answer.
  {
    name: "hammering",
    bursts: () => repeat(HAMMER_BURSTS, () => repeat(HAMMER_CLICKS, () => ({}))),
  },
  {
    name: "many accounts, one address",
    address: ({ ip }) => (ip(0) === undefined ? undefined : FARM_ADDRESS),
    bursts: () => [[{}]],
  },
  {
    name: "one account, many addresses",
    bursts: ({ ip }, { nth }) => [
      repeat(ADDRESSES, (at) => ({ ip: ip(100_000 - nth * ADDRESSES - at) })),
    ],
  },
  {
    name: "wrong tokens",
    bursts: ({ run }) => {
      const victim = `${run}-buyer-0`;
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const unsigned = `${part({ alg: "none" })}.${part({ sub: victim, exp: 4_102_444_800 })}.`;
      const signed = tokenSigner(randomBytes(32).toString("hex"))(victim);
      const forged = (token: string | undefined): BotOrder => ({ token, forged: true });
      return [[forged(undefined), forged("rubbish"), forged(unsigned), signed.then(forged)]];
    },
  },
  {
    name: "header tricks",
    bursts: ({ run }, { nth }) => {
      const other = `198.51.100.${nth % 256}`;
      const tricks = [
        { "x-forwarded-for": other },
        { "true-client-ip": other },
        { forwarded: `for=${other}` },
        { "x-http-method-override": "GET" },
        { "x-original-url": "/api/admin/overview" },
        { "x-user-id": `${run}-buyer-0` },
        { "cf-access-jwt-assertion": "rubbish", "x-admin": "true" },
      ];
      return tricks.map((headers) => [{ headers }]);
    },
  },
];

/** All that a bot may be told. */
const POSSIBLE = [
  ...["202", "sold_out", "user_limit_reached", "challenge_required", "blocked"],
  ...["unauthenticated", "forbidden", "invalid_request"],
];

/** Lets one bot do everything it does. It neither waits when told to nor gives up. */
export async function raid(stage: Stage, bot: Buyer): Promise<void> {
  const kind = bot.bot as BotKind;
  let clicks = 0;
  for (const burst of kind.bursts(stage, bot)) {
    await Promise.all(
      burst.map(async (attempt) => {
        clicks += 1;
        await tryOnce(stage, bot, `${bot.user}-${clicks}`, await attempt);
      }),
    );
  }
}

async function tryOnce(
  { client, record }: Stage,
  bot: Buyer,
  key: string,
  attempt: BotOrder,
): Promise<void> {
  const { sku, user } = bot;
  const wish = { quantity: 1, ...(sku.unitPrice.amount > 0 && { paymentToken: "tok_ok" }) };
  const { headers = {}, forged, ...differences } = attempt;
  const send = () =>
    client.send<Order>("POST", `/api/skus/${sku.id}/orders`, {
      ...{ token: bot.token, ip: bot.ip },
      ...differences,
      headers: { "idempotency-key": key, ...headers },
      body: wish,
    });
  const answer = await once(record, `bot: ${bot.bot?.name}`, send, { possible: POSSIBLE });
  // A 429 had no effect; after anything else undecided the outcome is unknown.
  if (!forged && answer?.status !== 429) {
    const decided = answer !== undefined && isDecided(answer);
    record.purchase(user, sku.id, key).note(decided ? answer : undefined);
  }
}
