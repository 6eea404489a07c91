// The bots. Each kind tries to get more units than people can, or to get them faster. Their answers are checked
// against the HTTP contract like all others; the report shows how many units they got.
import { randomBytes } from "node:crypto";
import type { Order } from "../../client.ts";
import { tokenSigner } from "../../tokens.ts";
import { isRetryable } from "../contract.ts";
import type { BotAttempt, BotKind, Buyer, ScenarioContext } from "../scenario.ts";
import { sendOnce } from "../send.ts";

const HAMMER_BURSTS = 6;
const HAMMER_CLICKS = 5;
const ADDRESSES = 20;
/** Outside the range that people use. */
const FARM_ADDRESS = "203.0.113.7";

const repeat = <T>(times: number, make: (at: number) => T): T[] =>
  Array.from({ length: times }, (_, at) => make(at));

export const BOTS: BotKind[] = [
  // One order request, without loading the page first.
  { name: "no page visit", bursts: () => [[{}]] },
  // Repeated orders that ignore every answer.
  {
    name: "hammering",
    bursts: () => repeat(HAMMER_BURSTS, () => repeat(HAMMER_CLICKS, () => ({}))),
  },
  {
    name: "many accounts, one address",
    address: FARM_ADDRESS,
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
      const forged = (token: string | undefined): BotAttempt => ({ token, forged: true });
      return [[forged(undefined), forged("garbage"), forged(unsigned), signed.then(forged)]];
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
        { "cf-access-jwt-assertion": "garbage", "x-admin": "true" },
      ];
      return tricks.map((headers) => [{ headers }]);
    },
  },
];

/** Expected codes and statuses for bots. */
const EXPECTED = [
  ...["202", "sold_out", "user_limit_reached", "challenge_required", "blocked"],
  ...["unauthenticated", "forbidden", "invalid_request"],
];

/** Runs everything one bot does. It ignores Retry-After and does not stop after refusals. */
export async function runBot(context: ScenarioContext, bot: Buyer): Promise<void> {
  const kind = bot.bot as BotKind;
  let clicks = 0;
  for (const burst of kind.bursts(context, bot)) {
    await Promise.all(
      burst.map(async (attempt) => {
        clicks += 1;
        await tryOnce(context, bot, `${context.run}-bot-${bot.nth}-${clicks}`, await attempt);
      }),
    );
  }
}

async function tryOnce(
  { client, recorder }: ScenarioContext,
  bot: Buyer,
  key: string,
  attempt: BotAttempt,
): Promise<void> {
  const { sku, user } = bot;
  const body = { quantity: 1, ...(sku.unitPrice.amount > 0 && { paymentToken: "tok_ok" }) };
  const { headers = {}, forged, ...differences } = attempt;
  const send = () =>
    client.send<Order>("POST", `/api/skus/${sku.id}/orders`, {
      ...{ token: bot.token, ip: bot.ip },
      ...differences,
      headers: { "idempotency-key": key, ...headers },
      body,
    });
  const answer = await sendOnce(recorder, `bot: ${bot.bot?.name}`, send, { expected: EXPECTED });
  // A 429 has no effect. After a 503, or without an answer, the outcome is unknown.
  if (!forged && answer?.status !== 429) {
    const isConclusive = answer !== undefined && !isRetryable(answer);
    recorder.startPurchase(user, sku.id, key).addAnswer(isConclusive ? answer : undefined);
  }
}
