// Signing in on the page: a dialog with the demo form or a link to the shop's sign-in page.
import { call } from "./api.ts";
import { closeDialog, openDialog } from "./dialog.ts";
import { part, setText } from "./dom.ts";
import { notifySessionChange } from "./tab-channel.ts";

/** The session storage key of the purchase to resume after signing in on the shop's page. */
const LEFT = "left";
/** Long enough for a forgotten password. */
const LEFT_MS = 900_000;

const dialog = document.querySelector<HTMLDialogElement>("dialog#sign-in");
let asking: Promise<boolean> | undefined;
let leaving: (() => void) | undefined;

/**
 * Asks for a sign-in. Resolves with false if the visitor closes the dialog. `onLeave` is called when they follow the
 * link to the shop's sign-in page.
 */
export function signIn(onLeave?: () => void): Promise<boolean> {
  if (!dialog) return Promise.resolve(false);
  leaving = onLeave;
  asking ??= ask(dialog).finally(() => {
    asking = undefined;
  });
  return asking;
}

async function ask(dialog: HTMLDialogElement): Promise<boolean> {
  // The cached page does not contain its own URL, which the shop needs as the return URL.
  const link = dialog.querySelector<HTMLAnchorElement>("a[data-sign-in]");
  if (link) {
    const url = new URL(link.href);
    url.searchParams.set("return_to", location.href);
    link.href = url.href;
  }
  const value = await openDialog(dialog);
  forgetLeft();
  return value === "signed-in";
}

/** Closes the dialog when another tab made the sign-in unnecessary. */
export const closeSignIn = (): void => closeDialog(dialog);

/** Stores, for this tab only, the purchase to resume. */
export function savePurchase(skuId: string, quantity: number): void {
  try {
    sessionStorage.setItem(LEFT, JSON.stringify({ skuId, quantity, at: Date.now() }));
  } catch {
    // Storage is blocked: on return, the buyer has to press Buy again.
  }
}

function forgetLeft(): void {
  try {
    sessionStorage.removeItem(LEFT);
  } catch {
    // Storage is blocked, so nothing was stored.
  }
}

/** Returns and removes the quantity of a SKU to buy after a sign-in; undefined if there is none. */
export function takeSavedPurchase(skuId: string): number | undefined {
  try {
    const left = JSON.parse(sessionStorage.getItem(LEFT) ?? "{}");
    if (left.skuId !== skuId) return undefined;
    forgetLeft();
    return Date.now() - left.at < LEFT_MS ? left.quantity : undefined;
  } catch {
    return undefined;
  }
}

/** Submits the dialog's form through the API instead of a navigation. */
export function mountSignIn(): void {
  dialog
    ?.querySelector<HTMLAnchorElement>("a[data-sign-in]")
    ?.addEventListener("click", () => leaving?.());
  const form = dialog?.querySelector<HTMLFormElement>("[data-login]");
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const user = String(new FormData(form).get("user") ?? "").trim();
    const answer = await call("POST", "/login", { body: { user } });
    const fault = answer.ok ? "" : (answer.body.title ?? "No connection.");
    setText(part(form, "login-fault"), fault);
    if (!answer.ok) return;
    closeDialog(dialog, "signed-in");
    notifySessionChange();
  });
}
