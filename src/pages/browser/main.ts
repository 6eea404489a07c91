// The entry point of every page: its language first, then its times and prices, then the parts that it contains.
import type { Order } from "../../inventory/order.ts";
import { mountImages } from "./broken-images.ts";
import { untilIdle } from "./delay.ts";
import { guard, watchForErrors } from "./error-report.ts";
import { leaveForLanguage } from "./language.ts";
import { loadCardChoice } from "./load-payment.ts";
import { localize } from "./localize.ts";
import { mountOrder } from "./order-panel.ts";
import { mountSale } from "./sale-page.ts";
import { observe } from "./server-clock.ts";
import { mountSignIn } from "./sign-in.ts";
import { notifySessionChange } from "./tab-channel.ts";

watchForErrors();
guard(() => leaveForLanguage() || start());

function start(): void {
  guard(notifySessionChange);
  guard(() => localize(document));
  guard(mountImages);
  guard(mountSignIn);
  guard(() => {
    const sale = document.querySelector<HTMLElement>("[data-sale]");
    if (sale) mountSale(sale);
  });
  guard(() => {
    const panel = document.querySelector<HTMLElement>("main .order[data-initial]");
    if (!panel) return;
    // This page is never cached, so the server's time in it is only as old as the download.
    observe(Number(panel.dataset.now));
    mountOrder(panel, JSON.parse(panel.dataset.initial ?? "") as Order, {
      onChange: () => {},
      // The server decides what the current visitor may see here.
      onRemove: () => location.reload(),
    });
  });
  guard(() => {
    const slot = document.querySelector<HTMLElement>("[data-card-choice] [data-card-form]");
    if (slot) void loadCardChoice(slot);
  });
  const { script } = document.body.dataset;
  // The page works without it.
  if (script) void untilIdle().then(() => import(script).catch(console.error));
}
