// The people in the rush. Everyone opens the sale page and wants one unit. The index of a buyer determines the rest:
// clicks, keys and retries, malformed requests, and how the order is paid for, if at all.
import type { RequestKind } from "../contract.ts";
import type { Purchase } from "../recorder.ts";
import type { Buyer, ScenarioContext } from "../scenario.ts";
import { sendWithRetry } from "../send.ts";
import { malformedRequest } from "./malformed.ts";
import { buy as order, paymentBody } from "./order-actions.ts";
import { type PaymentPattern, payOrCancel } from "./payment-pattern.ts";

type Retry = "buy, same key" | "buy, new key" | "buy, changed body";

/** First `keys` purchases with `clicks` clicks each, all at once. Then the retries, one after another. */
interface ClickPattern {
  keys: number;
  clicks: number;
  retries: Retry[];
}

const CLICK_PATTERNS: ClickPattern[] = [
  { keys: 1, clicks: 1, retries: [] },
  { keys: 1, clicks: 2, retries: [] },
  { keys: 1, clicks: 1, retries: ["buy, same key"] },
  { keys: 2, clicks: 1, retries: [] },
  { keys: 1, clicks: 1, retries: ["buy, new key"] },
  { keys: 2, clicks: 3, retries: ["buy, same key"] },
  { keys: 1, clicks: 1, retries: ["buy, same key", "buy, new key", "buy, changed body"] },
];
/** One buyer in three also sends a malformed request. */
const MALFORMED_EVERY = 3;

const PAYMENT_PATTERNS: PaymentPattern[] = [
  { method: "good" },
  { method: "declined" },
  { later: "good" },
  {},
  { method: "fails once" },
  { cancels: true },
  { method: "good", cancels: true },
  { method: "charges, answer lost" },
  { later: "declined" },
  { method: "slow" },
  { later: "good", cancels: true },
  { method: "declined", next: "good" },
  { method: "asks", answers: "yes" },
  { method: "asks", next: "good" },
  { method: "asks" },
  { method: "asks", answers: "yes, and leaves" },
  { method: "asks", answers: "no", next: "good" },
  { method: "slow", cancels: true },
];
/** With holds longer than this, buyers cancel instead of letting them expire, to keep the rehearsal short. */
const MAX_EXPIRING_HOLD_SECONDS = 30;

function paymentPatternOf({ nth, sku }: Buyer): PaymentPattern {
  if (sku.unitPrice.amount === 0) {
    return {};
  }
  // Adjacent buyers alternate between two SKUs, so halving the index covers every pattern per SKU.
  const pattern = PAYMENT_PATTERNS[Math.floor(nth / 2) % PAYMENT_PATTERNS.length] as PaymentPattern;
  const expires = pattern.method === undefined && pattern.later === undefined;
  return expires && sku.holdSeconds > MAX_EXPIRING_HOLD_SECONDS ? { cancels: true } : pattern;
}

/** Runs everything one person does. */
export async function runPerson(context: ScenarioContext, person: Buyer): Promise<void> {
  const { client, recorder, run } = context;
  const clickPattern = CLICK_PATTERNS[person.nth % CLICK_PATTERNS.length] as ClickPattern;
  const { keys } = clickPattern;
  const paymentPattern = paymentPatternOf(person);
  const buyer = await openPage(context, person);
  const { sku, nth, user } = buyer;
  const { method } = paymentPattern;
  const payment = method === undefined ? {} : { method };
  const buy = (kind: RequestKind, purchase: Purchase) =>
    order(context, buyer, purchase, { kind, ...payment });
  await sendMalformed(context, buyer);
  const startPurchase = (at: number) => recorder.startPurchase(user, sku.id, `${run}-${nth}-${at}`);
  const purchases = Array.from({ length: keys }, (_, at) => startPurchase(at));
  const clicks = Array.from({ length: clickPattern.clicks }, () => purchases).flat();
  await Promise.all(
    clicks.map((purchase, at) => buy(at < keys ? "buy" : "buy, same key", purchase)),
  );
  const handled = new Set<string>();
  const payOrCancelNew = async (ids: string[]) => {
    for (const id of ids.filter((one) => !handled.has(one))) {
      handled.add(id);
      await payOrCancel(context, buyer, paymentPattern, id);
    }
  };
  await payOrCancelNew(purchases.flatMap(({ acceptedIds }) => acceptedIds));
  for (const retry of clickPattern.retries) {
    if (retry === "buy, changed body") {
      const body = { ...paymentBody(context, method), quantity: 2 };
      const send = () => client.order(sku.id, `${run}-${nth}-0`, buyer, body);
      await sendWithRetry(recorder, retry, send);
    } else {
      const isSameKey = retry === "buy, same key";
      const purchase = isSameKey ? (purchases[0] as Purchase) : startPurchase(keys);
      await buy(retry, purchase);
      await payOrCancelNew(purchase.acceptedIds);
    }
  }
}

/** Loads the sale page and sends the visit request of its script. Returns the buyer with a visit token. */
async function openPage(context: ScenarioContext, buyer: Buyer): Promise<Buyer> {
  const { client, recorder, saleId } = context;
  const { ip, token } = buyer;
  await sendWithRetry(recorder, "page", () => client.send("GET", `/sales/${saleId}`, { ip }));
  const visit = await sendWithRetry(recorder, "visit", () => client.visit(saleId, { ip, token }));
  return { ...buyer, visit: visit?.body.token };
}

async function sendMalformed({ client, recorder }: ScenarioContext, buyer: Buyer): Promise<void> {
  if (buyer.nth % MALFORMED_EVERY !== 0) {
    return;
  }
  const { send, expected } = malformedRequest(buyer.nth / MALFORMED_EVERY);
  const path = `/api/skus/${buyer.sku.id}/orders`;
  await sendWithRetry(recorder, "malformed", () => send(client, path, buyer), { expected });
}
