// All that a page with `<doorbuster-buy>` needs: the buyer's token.
import { buyerToken } from "./token.js";

for (const element of document.querySelectorAll("doorbuster-buy")) {
  Object.assign(element, { getToken: buyerToken });
}
