// Paying for an order and giving it back. Both are pressed once and answered truly: when an answer is lost,
// the order itself is asked what became of it before anything can be pressed again.
import type { Order } from "../../inventory/order.ts";
import { needsPayment } from "../copy/order.ts";
import { refusalText } from "../copy/refusal.ts";
import { type Answer, call, isUnknown } from "./api.ts";
import { jitter, pause, pauseOrOnline, untilSeen } from "./delay.ts";
import { askIn } from "./dialog.ts";
import { part, setText } from "./dom.ts";
import { OUR_MISTAKE, report } from "./error-report.ts";
import { FORMAT } from "./locale.ts";
import { signIn } from "./sign-in.ts";

const FIRST_LOOK_MS = 1_000;
const LAST_LOOK_MS = 30_000;

type Action = "pay" | "cancel";

const WORDS = {
  pay: {
    checking: "We're checking whether your payment went through. Please don't pay anywhere else.",
    failed: "Your payment didn't go through, and you weren't charged. Please try again.",
  },
  cancel: {
    checking: "We're checking whether your order was canceled.",
    failed: "Your order wasn't canceled. The item is still reserved for you.",
  },
} as const;
const SIGNED_OUT = "You're signed out. Sign in and reload this page to see your order.";

/** The part of an order's panel that its actions need. */
export interface ActionTarget {
  readonly root: HTMLElement;
  readonly order: Order;
  /** Fetches the order and shows it. */
  look(): Promise<Answer<Order>>;
  /** Shows this version of the order, if it is newer. */
  show(order: Order): void;
  /** Draws the order again, over what an action wrote meanwhile. */
  paint(): void;
  /** Removes the order: it does not belong to this visitor. */
  leave(signedOut: boolean): void;
}

/** Connects the Pay and Cancel buttons of a panel. */
export function mountActions(panel: ActionTarget): void {
  const { root } = panel;
  part(root, "pay")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const paymentToken = new FormData(event.target as HTMLFormElement).get("paymentToken");
    const path = `/orders/${panel.order.id}/payment`;
    void act(panel, "pay", () => call("POST", path, { body: { paymentToken } }));
  });
  part(root, "cancel")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (root.dataset.busy || !(await isSure(part(root, "order-name")?.textContent ?? ""))) return;
    void act(panel, "cancel", () => call("DELETE", `/orders/${panel.order.id}`));
  });
}

/** One slip of a thumb must not lose a thing that is sold out. */
async function isSure(name: string): Promise<boolean> {
  const dialog = document.querySelector<HTMLDialogElement>("dialog#cancel-order");
  if (!dialog) return false;
  setText(part(dialog, "cancel-name"), name);
  return (await askIn(dialog)) === "cancel";
}

async function act(
  panel: ActionTarget,
  action: Action,
  request: () => Promise<Answer<Order>>,
): Promise<void> {
  const { root } = panel;
  if (root.dataset.busy) return;
  const tell = (text: string) => {
    const fault = part(root, "order-fault");
    setText(fault, text);
    // Pay was pressed at the foot of the screen; this may be anywhere.
    if (text) fault?.scrollIntoView({ block: "nearest" });
  };
  mark(root, action);
  tell("");
  try {
    await finish(panel, action, request, tell);
  } catch (error) {
    report(error);
    mark(root, "");
    tell(OUR_MISTAKE);
  }
}

async function finish(
  panel: ActionTarget,
  action: Action,
  request: () => Promise<Answer<Order>>,
  tell: (text: string) => void,
): Promise<void> {
  const { root } = panel;
  let answer = await request();
  // The session may be older than the hold.
  if (answer.status === 401 && (await signIn())) answer = await request();
  const lost = isLost(answer);
  if (lost) answer = await findOut(panel, action);
  // Nobody has said what became of it: nothing may be pressed again.
  if (lost && answer.status === 401) return tell(SIGNED_OUT);
  mark(root, "");
  if (answer.ok) {
    panel.show(answer.body);
    panel.paint();
    if (lost && needsPayment(panel.order)) tell(WORDS[action].failed);
    else part(root, "order-title")?.focus();
    return;
  }
  if (answer.status === 404) return panel.leave(false);
  tell(refusalText(answer.body, FORMAT));
  if (answer.status === 409) await panel.look();
}

/** No answer, or one from before the order was asked. */
const isLost = (answer: Answer<Order>): boolean => isUnknown(answer) || answer.status === 429;

/** What the panel is doing: its buttons are silent meanwhile. */
function mark(root: HTMLElement, doing: Action | "check" | ""): void {
  root.dataset.busy = doing;
  for (const button of root.querySelectorAll(".action, .quiet"))
    button.setAttribute("aria-disabled", String(doing !== ""));
}

/** Looks at the order until somebody says how it is. */
async function findOut(panel: ActionTarget, action: Action): Promise<Answer<Order>> {
  const { root } = panel;
  mark(root, "check");
  setText(part(root, "order-text"), WORDS[action].checking);
  part(root, "order-title")?.focus();
  for (let wait = FIRST_LOOK_MS; ; wait = Math.min(wait * 2, LAST_LOOK_MS)) {
    await pauseOrOnline(wait + jitter(wait));
    await untilSeen();
    const answer = await panel.look();
    if (answer.status === 401 && (await signIn())) continue;
    if (!isLost(answer)) return answer;
    await pause(answer.retryAfter * 1_000);
  }
}
