// A storefront of its own: reads the sale, its live stock and its line from Doorbuster, reserves, pays, and tells the result.
// It calls Doorbuster across origins with the buyer's token. Our own server only knows who is signed in.
import { createClient, isFinal, NoAnswerError, newKey } from "/doorbuster-client.js";
import { act, explanation, SignedOut } from "./act.js";
import { buyerToken } from "./token.js";
import * as view from "./view.js";

/** @import { Line, Live, Order, Sale, Ticket } from "doorbuster/client" */

const { at, write } = view;
const query = new URLSearchParams(location.search);
const client = createClient({
  baseUrl: document.body.dataset.doorbuster ?? "",
  token: async () => {
    const token = await buyerToken();
    if (token === undefined) throw new SignedOut();
    return token;
  },
});

/** Who is signed in. @type {string | undefined} */
let customer;
/** @type {Sale | undefined} */
let sale;
/** @type {Live | undefined} */
let live;
/** @type {Order | undefined} */
let order;
/** Ends what follows an order. */
let following = new AbortController();

/** @param {Sale} sale */
async function reserve({ id: saleId }) {
  const skuId = String(new FormData(/** @type {HTMLFormElement} */ (at("offer"))).get("sku"));
  const unitPrice = live?.skus.find(({ id }) => id === skuId)?.unitPrice;
  const waiting = inLine(saleId);
  // People join before the opening. Whoever is admitted then buys.
  if (live?.state === "upcoming")
    waiting.ticket = (await client.waitInLine(saleId, waiting)).ticket;
  // The key survives a reload: the same attempt never gets two orders, and finds the one whose answer was lost.
  const kept = `attempt-${customer}-${skuId}`;
  const open = sessionStorage.getItem(kept);
  const key = open ?? newKey();
  sessionStorage.setItem(kept, key);
  try {
    const bought = await client.buy(skuId, {
      ...{ saleId, key, isRepeat: open !== null, ...waiting },
      ...(unitPrice && { unitPrice }),
    });
    sessionStorage.removeItem(kept);
    history.replaceState(null, "", `/?order=${encodeURIComponent(bought.id)}`);
    follow(bought);
    at("item").focus();
  } catch (error) {
    // Only an error with a key leaves open whether there is an order.
    if (!(error instanceof NoAnswerError && error.key)) sessionStorage.removeItem(kept);
    throw error;
  }
}

/** The place in line survives a reload as well: the ticket is the place. @param {string} saleId */
function inLine(saleId) {
  const kept = `ticket-${customer}-${saleId}`;
  return {
    ticket: localStorage.getItem(kept) ?? undefined,
    /** @param {Ticket} ticket */
    onTicket: ({ ticket }) => localStorage.setItem(kept, ticket),
    /** @param {Line} line @param {Ticket} ticket */
    onLine: (line, ticket) => write("message", view.lineText(line, ticket)),
  };
}

/** Shows an order, and what becomes of it. @param {Order} first */
function follow(first) {
  following.abort();
  following = new AbortController();
  const { signal } = following;
  showOrder(first);
  client.orders
    .until(first.id, { onChange: showOrder, signal })
    .then(untilHeard)
    .catch((error) => {
      if (!signal.aborted) write("message", explanation(error));
    });
}

/** Offers the sale, once it is read, to whoever has no order, or one that is over. */
function showOffer() {
  const isOver = order?.status === "expired" || order?.status === "cancelled";
  at("offer").hidden = !sale || (order !== undefined && !isOver);
}

/** @param {Order} newest */
function showOrder(newest) {
  order = newest;
  const { status, payment, item, number, total } = newest;
  at("order").hidden = false;
  showOffer();
  // A payment that is under way may still succeed, so no other one is offered.
  at("payment").hidden = status !== "reserved" || (payment !== undefined && payment !== "declined");
  write("item", `${item.name}, order ${number}`);
  write("total", `Total: ${view.moneyText(total)}`);
  write("message", view.orderText(newest));
  tick();
}

/** With Stripe, Stripe.js makes such a token from the card (`pm_…`). */
const PLAY_MONEY = { works: "tok_ok", declined: "tok_declined" };

/** Pays, or pays again after a decline. @param {keyof typeof PLAY_MONEY} card */
async function pay(card) {
  if (!order) return;
  if (document.body.dataset.checkout !== "own") {
    return follow(await client.orders.pay(order.id, PLAY_MONEY[card]));
  }
  // Our own server charges, and reports it to Doorbuster.
  const body = JSON.stringify({ order: order.id, card });
  const headers = { "content-type": "application/json" };
  await fetch("/checkout", { method: "POST", headers, body });
  follow(await client.orders.get(order.id));
}

async function cancel() {
  if (order) follow(await client.orders.cancel(order.id));
}

/** Shows what has to do with time, by the server's clock. */
function tick() {
  const now = client.clock.now();
  if (order && !isFinal(order)) {
    const left = Date.parse(order.expiresAt) - now;
    return write("clock", left > 0 ? `Reserved for ${view.durationText(left)}` : "Time is over");
  }
  const opensIn = live ? Date.parse(live.opensAt) - now : 0;
  at("buy").hidden = opensIn > 0 && live?.line === undefined;
  write("clock", opensIn > 0 ? `Opens in ${view.durationText(opensIn)}` : "");
}

/** Shows what our own server has heard by webhook. Whether it knows the order as it is now. */
async function hear() {
  const { events = [] } = await (await fetch("/account")).json();
  view.showHeard(events);
  return events.some(
    (/** @type {{ order: Order }} */ event) =>
      event.order.id === order?.id && event.order.version >= order.version,
  );
}

/** Waits for the webhook, which is what a shop ships by. It mostly comes within two seconds. */
async function untilHeard() {
  for (let tries = 0; tries < 60 && !(await hear()); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

/** @param {Sale} chosen */
function open(chosen) {
  sale = chosen;
  view.showChoices(chosen);
  showOffer();
  client.live.subscribe(chosen.id, (newest) => {
    live = newest;
    view.showStock(newest);
    if (newest.state === "closed" && !order) write("message", "This sale is over.");
    tick();
  });
}

/** Shows the order that the address names, such as after a reload or from `<doorbuster-buy checkout="/">`. */
async function resume() {
  const orderId = query.get("order");
  if (orderId) follow(await client.orders.get(orderId));
  else write("message", "");
}

async function start() {
  at("offer").addEventListener("submit", (event) => {
    event.preventDefault();
    void act(async () => sale && reserve(sale));
  });
  at("approved").addEventListener("click", () => void act(() => pay("works")));
  at("declined").addEventListener("click", () => void act(() => pay("declined")));
  at("cancel").addEventListener("click", () => void act(cancel));
  ({ customer } = await (await fetch("/account")).json());
  at("sign-in").hidden = customer !== undefined;
  write("customer", customer ?? "");
  const { sales } = await client.sales();
  view.showSales(sales);
  await act(resume);
  const saleId = order?.saleId ?? query.get("sale") ?? sales.find(({ products }) => products)?.id;
  if (saleId === undefined) return write("title", "Nothing is on sale");
  open(await client.sale(saleId));
  setInterval(tick, 1_000);
  await client.clock.sync();
  await hear();
}

start().catch((error) => write("message", explanation(error)));
