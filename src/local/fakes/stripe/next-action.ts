// The bank's question in the fake Stripe: which payment methods ask, and where the buyer answers.
import { invalid } from "./errors.ts";

/** What the buyer has to do. Stripe.js shows the question in the page, or leads to the bank's own page. */
export type NextAction =
  | { type: "use_stripe_sdk"; use_stripe_sdk: object }
  | { type: "redirect_to_url"; redirect_to_url: { url: string; return_url: string } };

/** The name is that of Stripe's test method. The others ask as well; see `faults.ts` for what follows `pm_fake_asks_`. */
const IN_PAGE = /^pm_card_authenticationRequired$|^pm_fake_asks_/;
const ON_BANK_PAGE = "pm_fake_redirect";

/**
 * The bank's question about a payment. Null if this method's bank asks nothing.
 * @throws StripeFault if the buyer would not find back
 */
export function nextActionOf(
  method: string,
  clientSecret: string,
  returnUrl: string | undefined,
): NextAction | null {
  if (IN_PAGE.test(method)) return { type: "use_stripe_sdk", use_stripe_sdk: {} };
  if (method !== ON_BANK_PAGE) return null;
  if (!returnUrl) {
    throw invalid("You must provide a `return_url` for this payment.", { param: "return_url" });
  }
  // Relative to the fake, which does not know its own address here.
  const url = `/_fake/bank/${clientSecret}`;
  return { type: "redirect_to_url", redirect_to_url: { url, return_url: returnUrl } };
}

/** Where the bank's page sends the buyer: the return URL with Stripe's parameters, the client secret included. */
export function returnAddress(
  { id, client_secret, status }: { id: string; client_secret: string; status: string },
  returnUrl: string,
): string {
  const url = new URL(returnUrl);
  url.searchParams.set("payment_intent", id);
  url.searchParams.set("payment_intent_client_secret", client_secret);
  url.searchParams.set("redirect_status", status === "succeeded" ? "succeeded" : "failed");
  return url.href;
}
