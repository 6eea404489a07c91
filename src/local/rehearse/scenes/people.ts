// The people of the rush. Everybody opens the page and wants one unit. How they behave depends on their
// number: one click or several at once, one key or two; some come back later or send rubbish; some pay, in
// one of many ways, and some do not.
import type { Kind } from "../contract.ts";
import { patiently } from "../patience.ts";
import type { Purchase } from "../record.ts";
import type { Buyer, Stage } from "../scene.ts";
import { giveBack, buy as order, pay } from "./deeds.ts";
import { rubbish } from "./rubbish.ts";

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

/** How somebody deals with the money. Who neither pays nor gives back lets the hold lapse. */
interface Payer {
  /** The payment token that comes with the order. */
  token?: string;
  /** The one that comes afterwards, clicked twice. */
  later?: string;
  /** Gives the order back, even if the charge is under way. */
  givesBack?: true;
}

const PAYERS: Payer[] = [
  { token: "tok_ok" },
  { token: "tok_declined" },
  { later: "tok_ok" },
  {},
  { token: "tok_error_then_ok" },
  { givesBack: true },
  { token: "tok_ok", givesBack: true },
  { token: "tok_timeout_but_charged" },
  { later: "tok_declined" },
  { token: "tok_slow" },
  { later: "tok_ok", givesBack: true },
];
const FREE: Payer = {};
/** Nobody waits longer than this for a hold to lapse: they give the order back instead. */
const LONGEST_LAPSE_SECONDS = 30;

function payerOf({ nth, sku }: Buyer): Payer {
  if (sku.unitPrice.amount === 0) {
    return FREE;
  }
  // The next of the same SKU pays in another way.
  const payer = PAYERS[Math.floor(nth / 2) % PAYERS.length] as Payer;
  const lapses = payer.token === undefined && payer.later === undefined;
  return lapses && sku.holdSeconds > LONGEST_LAPSE_SECONDS ? { givesBack: true } : payer;
}

/** Lets one person do everything they do. */
export async function shop(stage: Stage, person: Buyer): Promise<void> {
  const { client, record, run } = stage;
  const habit = HABITS[person.nth % HABITS.length] as Habit;
  const payer = payerOf(person);
  const buyer = await openPage(stage, person);
  const { sku, nth, user } = buyer;
  const money = payer.token === undefined ? {} : { paymentToken: payer.token };
  const buy = (kind: Kind, purchase: Purchase) => order(stage, buyer, purchase, { kind, ...money });
  await sendRubbish(stage, buyer);
  const intend = (at: number) => record.purchase(user, sku.id, `${run}-${nth}-${at}`);
  const purchases = Array.from({ length: habit.keys }, (_, at) => intend(at));
  const clicks = Array.from({ length: habit.clicks }, () => purchases).flat();
  await Promise.all(
    clicks.map((purchase, at) => buy(at < habit.keys ? "buy" : "same key", purchase)),
  );
  const settled = new Set<string>();
  const settle = async (ids: string[]) => {
    for (const id of ids.filter((one) => !settled.has(one))) {
      settled.add(id);
      await settleMoney(stage, buyer, payer, id);
    }
  };
  await settle(purchases.flatMap(({ acceptedIds }) => acceptedIds));
  for (const deed of habit.afterwards) {
    if (deed === "other body") {
      const send = () => client.order(sku.id, `${run}-${nth}-0`, buyer, { ...money, quantity: 2 });
      await patiently(record, deed, send);
    } else {
      const purchase = deed === "same key" ? (purchases[0] as Purchase) : intend(habit.keys);
      await buy(deed, purchase);
      await settle(purchase.acceptedIds);
    }
  }
}

/** The sale page, and what its script fetches. */
async function openPage({ client, record, saleId }: Stage, buyer: Buyer): Promise<Buyer> {
  const { ip } = buyer;
  await patiently(record, "page", () => client.send("GET", `/sales/${saleId}`, { ip }));
  const visit = await patiently(record, "visit", () => client.visit(saleId, { ip }));
  return { ...buyer, visit: visit?.body.token };
}

async function sendRubbish({ client, record }: Stage, buyer: Buyer): Promise<void> {
  if (buyer.nth % RUBBISH_EVERY !== 0) {
    return;
  }
  const { send, possible } = rubbish(buyer.nth / RUBBISH_EVERY);
  const path = `/api/skus/${buyer.sku.id}/orders`;
  await patiently(record, "rubbish", () => send(client, path, buyer), { possible });
}

/** Pays for an order that was reserved, or gives it back, as this payer does. */
async function settleMoney(
  stage: Stage,
  buyer: Buyer,
  { later, givesBack }: Payer,
  id: string,
): Promise<void> {
  if (later !== undefined) {
    await Promise.all([pay(stage, buyer, id, later), pay(stage, buyer, id, later)]);
  }
  if (givesBack) {
    await giveBack(stage, buyer, id);
  }
}
