// What every page loads: the visitor's language first, then whatever the page has on it.
import type { Order } from "./api.ts";
import { serverNow } from "./clock.ts";
import { localise } from "./locale.ts";
import { mountOrder } from "./order-panel.ts";
import { mountSale } from "./sale-page.ts";
import { mountSignIn } from "./sign-in.ts";

localise(document);

const sale = document.querySelector<HTMLElement>("[data-sale]");
if (sale) {
  mountSignIn();
  mountSale(sale);
}

const panel = document.querySelector<HTMLElement>("main .order[data-initial]");
if (panel) mountOrder(panel, JSON.parse(panel.dataset.initial ?? "") as Order);

// The list was true when it was made; a sale on it may have opened or closed since the page was left open.
const listed = [...document.querySelectorAll<HTMLElement>("[data-listed]")];
const changes = listed.flatMap(({ dataset }) =>
  [dataset.opensAt, dataset.closesAt].map((at) => Date.parse(at ?? "") - serverNow()),
);
const next = Math.min(...changes.filter((ms) => ms > 0));
/** Longer waits overflow a timer, and nobody leaves a list open for a day. */
const LONGEST_WAIT_MS = 86_400_000;
if (next < LONGEST_WAIT_MS)
  setTimeout(() => location.reload(), next + 1_000 + Math.random() * 4_000);
