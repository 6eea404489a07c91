// Paying for and canceling an order. If a response is lost, the buttons stay disabled until the order itself shows
// the outcome.
import type { Order } from "../../inventory/order.ts";
import { needsPayment } from "../copy/order.ts";
import { refusalText } from "../copy/refusal.ts";
import { type ApiResponse, call, isUnknown } from "./api.ts";
import { jitter, pause, pauseOrOnline, untilVisible } from "./delay.ts";
import { openDialog } from "./dialog.ts";
import { part, setText } from "./dom.ts";
import { report } from "./error-report.ts";
import { loadPayment } from "./load-payment.ts";
import { WORDING } from "./locale.ts";
import { signIn } from "./sign-in.ts";
import { WORDS } from "./words.ts";

const FIRST_LOOK_MS = 1_000;
const LAST_LOOK_MS = 30_000;

type Action = "pay" | "cancel";

const checkingText = (action: Action): string =>
  WORDS.panel[action === "pay" ? "checkingPayment" : "checkingCancel"];
const failedText = (action: Action): string =>
  WORDS.panel[action === "pay" ? "paymentFailed" : "cancelFailed"];

/** The part of an order's panel that its actions need. */
export interface ActionTarget {
  readonly root: HTMLElement;
  readonly order: Order;
  /** Fetches the order and shows it. */
  refresh(): Promise<ApiResponse<Order>>;
  /** Shows this version of the order, if it is newer. */
  show(order: Order): void;
  /** Draws the order again, over what an action wrote meanwhile. */
  paint(): void;
  /** Removes the order: it does not belong to this visitor. */
  remove(signedOut: boolean): void;
}

/** Connects the Pay and Cancel buttons of a panel. */
export function mountActions(panel: ActionTarget): void {
  const { root } = panel;
  const cardForm = part(root, "card-form");
  if (cardForm) void loadPayment(cardForm, panel, (request) => runAction(panel, "pay", request));
  part(root, "pay")?.addEventListener("submit", (event) => {
    event.preventDefault();
    if (cardForm) return;
    const paymentToken = new FormData(event.target as HTMLFormElement).get("paymentToken");
    const path = `/orders/${panel.order.id}/payment`;
    void runAction(panel, "pay", () => call("POST", path, { body: { paymentToken } }));
  });
  part(root, "cancel")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (root.dataset.busy || !(await confirmCancel(part(root, "order-name")?.textContent ?? "")))
      return;
    void runAction(panel, "cancel", () => call("DELETE", `/orders/${panel.order.id}`));
  });
}

/** Asks for confirmation: a canceled item may be sold out at once. */
async function confirmCancel(name: string): Promise<boolean> {
  const dialog = document.querySelector<HTMLDialogElement>("dialog#cancel-order");
  if (!dialog) return false;
  setText(part(dialog, "cancel-name"), name);
  return (await openDialog(dialog)) === "cancel";
}

async function runAction(
  panel: ActionTarget,
  action: Action,
  request: () => Promise<ApiResponse<Order>>,
): Promise<void> {
  const { root } = panel;
  if (root.dataset.busy) return;
  const showFault = (text: string) => {
    const fault = part(root, "order-fault");
    setText(fault, text);
    // Pay is docked at the bottom of the screen, so the message may be out of view.
    if (text) fault?.scrollIntoView({ block: "nearest" });
  };
  setBusy(root, action);
  showFault("");
  try {
    await completeAction(panel, action, request, showFault);
  } catch (error) {
    report(error);
    setBusy(root, "");
    showFault(WORDS.common.internalError);
  }
}

async function completeAction(
  panel: ActionTarget,
  action: Action,
  request: () => Promise<ApiResponse<Order>>,
  showFault: (text: string) => void,
): Promise<void> {
  const { root } = panel;
  let answer = await request();
  // The session may have expired during the hold.
  if (answer.status === 401 && (await signIn())) answer = await request();
  const lost = isLost(answer);
  if (lost) answer = await pollOutcome(panel, action);
  // The outcome is unknown, so the buttons stay disabled.
  if (lost && answer.status === 401) return showFault(WORDS.panel.signedOut);
  setBusy(root, "");
  if (answer.ok) {
    panel.show(answer.body);
    panel.paint();
    if (lost && isUntouched(panel.order)) showFault(failedText(action));
    else part(root, "order-title")?.focus();
    return;
  }
  if (answer.status === 404) return panel.remove(false);
  showFault(refusalText(answer.body, WORDING));
  if (answer.status === 409) await panel.refresh();
}

/** Whether the action never arrived: an arrived payment leaves a state, even a decline. */
const isUntouched = (order: Order): boolean =>
  needsPayment(order) && order.payment !== "action_required";

/** Whether the outcome is unknown: no response, or a rate limit that applied before the order was read. */
const isLost = (answer: ApiResponse<Order>): boolean => isUnknown(answer) || answer.status === 429;

/** Sets what the panel is doing; its buttons are disabled meanwhile. */
function setBusy(root: HTMLElement, doing: Action | "check" | ""): void {
  root.dataset.busy = doing;
  for (const button of root.querySelectorAll(".action, .quiet"))
    button.setAttribute("aria-disabled", String(doing !== ""));
}

/** Reads the order until the server states its status. */
async function pollOutcome(panel: ActionTarget, action: Action): Promise<ApiResponse<Order>> {
  const { root } = panel;
  setBusy(root, "check");
  setText(part(root, "order-text"), checkingText(action));
  part(root, "order-title")?.focus();
  for (let wait = FIRST_LOOK_MS; ; wait = Math.min(wait * 2, LAST_LOOK_MS)) {
    await pauseOrOnline(wait + jitter(wait));
    await untilVisible();
    const answer = await panel.refresh();
    if (answer.status === 401 && (await signIn())) continue;
    if (!isLost(answer)) return answer;
    await pause(answer.retryAfter * 1_000);
  }
}
