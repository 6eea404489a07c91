// What every page loads: the visitor's language first, then whatever the page has on it.
import type { Order } from "../../inventory/order.ts";
import { mountImages } from "./broken-images.ts";
import { guard, watchForMistakes } from "./error-report.ts";
import { mountHome } from "./home.ts";
import { localize } from "./localize.ts";
import { mountOrder } from "./order-panel.ts";
import { mountSale } from "./sale-page.ts";
import { observe } from "./server-clock.ts";
import { mountSignIn } from "./sign-in.ts";
import { tellSession } from "./tab-channel.ts";

watchForMistakes();
guard(tellSession);
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
  // This page is the buyer's own and kept by nobody: the server's time in it is as old as its way here.
  observe(Number(panel.dataset.now));
  mountOrder(panel, JSON.parse(panel.dataset.initial ?? "") as Order, {
    onChange: () => {},
    // The server says what this visitor may see here.
    onLeave: () => location.reload(),
  });
});
guard(() => mountHome(document.querySelectorAll<HTMLElement>("[data-listed]")));
