// What the tests of the card form share: a Worker that charges at a fake Stripe, pages that load the fake Stripe.js, and
// what a buyer does on them.
import type { Page } from "playwright-core";
import type { OrderPayments } from "../../src/local/fakes/stripe/bank.ts";
import { type SignedEvent, startFakeStripe } from "../../src/local/fakes/stripe/server.ts";
import { buyButton, order, orderIs, PAID, type Person, type Stage } from "./harness.ts";

const SECRETS = { apiKey: "sk_test_fake", webhookSecret: "whsec_fake" };

/** The bank's question leaves the buyer at least this long to answer. */
export const QUESTION_MS = 60_000;

export const pay = (page: Page, amount = "12.00") =>
  page.getByRole("button", { name: new RegExp(`^Pay \\D*${amount}`) });
/** The card whose bank asks on a page of its own. */
export const ASKS_ELSEWHERE = "Bank asks on its own page";
/** The bank's question in the page. */
export const bank = (page: Page) => page.getByRole("dialog", { name: "Test bank" });
/** The bank's own page. */
export const bankPage = (page: Page) => page.getByRole("heading", { name: "Test bank" });
export const answer = (page: Page, name: "Complete" | "Fail") =>
  page.getByRole("button", { name: `${name} authentication` }).click();
export const choose = (page: Page, card: string) =>
  page.getByLabel("Test card").selectOption({ label: card });
export const paymentIs = (page: Page, state: string) =>
  page.locator(`.order[data-payment="${state}"]`).waitFor();
export const alertSays = (page: Page, text: string) =>
  page.getByRole("alert").filter({ hasText: text }).waitFor();

export async function payWith(page: Page, card: string): Promise<void> {
  await choose(page, card);
  await pay(page).click();
}

/** Starts a fake Stripe, and describes the Worker that charges there. Stop it after the tests. */
export async function startCheckout() {
  const { url, stop } = await startFakeStripe(SECRETS);
  const fake = (method: string, path: string) => fetch(`${url}/_fake/${path}`, { method });

  /** A signed-in buyer on the page of a sale. `prepare` allows or blocks their way to Stripe. */
  async function arriving(
    stage: Stage,
    user: string,
    sku = {},
    prepare = (buyer: Person) => buyer.reach(url, (route) => route.continue()),
  ) {
    const sale = await stage.onSale({ ...PAID, ...sku });
    const buyer = await stage.person();
    await prepare(buyer);
    await buyer.signIn(user);
    return { ...sale, buyer, page: await buyer.open(sale.path) };
  }

  /** A buyer with a reserved item, on the order's own page. */
  async function holding(...given: Parameters<typeof arriving>) {
    const { page, ...rest } = await arriving(...given);
    await buyButton(page).click();
    await orderIs(page, "reserved");
    const id = (await order(page).getAttribute("data-order")) ?? "";
    await page.getByRole("link", { name: /^Pay/ }).click();
    await page.waitForURL(`**/orders/${id}`);
    return { ...rest, page, id };
  }

  return {
    url,
    stop,
    arriving,
    holding,
    /** The variables of the Worker. */
    vars: {
      PAYMENTS: "stripe",
      STRIPE_SECRET_KEY: SECRETS.apiKey,
      STRIPE_WEBHOOK_SECRET: SECRETS.webhookSecret,
      STRIPE_API_URL: url,
      STRIPE_PUBLISHABLE_KEY: "pk_test_fake",
      STRIPE_JS_URL: `${url}/_fake/stripe.js`,
    },
    booksOf: async (orderId: string) =>
      (await (await fake("GET", `payments/${orderId}`)).json()) as OrderPayments,
    /** Whether a request of the order waits for `release`. */
    isHeld: async (orderId: string) =>
      (await (await fake("GET", `held/${orderId}`)).json()) as boolean,
    release: (orderId: string) => fake("POST", `release/${orderId}`),
    /** The buyer answers the bank's question in another way than on the page. */
    authenticate: (orderId: string, answer: "yes" | "no") =>
      fake("POST", `authenticate/${orderId}/${answer}`),
    /** Sends the Worker what Stripe reported about an order. */
    async deliverEvents(orderId: string, worker: string): Promise<void> {
      const events = (await (await fake("GET", `events/${orderId}`)).json()) as SignedEvent[];
      for (const { body, signature } of events) {
        const headers = { "stripe-signature": signature };
        await fetch(`${worker}/api/webhooks/stripe`, { method: "POST", headers, body });
      }
    },
  };
}
