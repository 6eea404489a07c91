// Signing in without leaving the page: a dialog that resolves once the session is there.
import { call } from "./api.ts";
import { askIn, closeDialog } from "./dialog.ts";
import { part, setText } from "./dom.ts";
import { tellSession } from "./tab-channel.ts";

/** The buyer's own wish to go on after signing in at the shop, which leads away from the page. */
const LEFT = "left";
/** Long enough for a forgotten password. */
const LEFT_MS = 900_000;

const dialog = document.querySelector<HTMLDialogElement>("dialog#sign-in");
let asking: Promise<boolean> | undefined;
let leaving: (() => void) | undefined;

/**
 * Asks for a sign-in. False when the visitor closes the dialog instead. `onLeave` hears when they follow
 * the link to the shop's own page.
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
  // The page is the same for everybody and does not know its own address; the shop must, to lead back.
  const link = dialog.querySelector<HTMLAnchorElement>("a[data-sign-in]");
  if (link) {
    const url = new URL(link.href);
    url.searchParams.set("return_to", location.href);
    link.href = url.href;
  }
  const value = await askIn(dialog);
  forgetLeft();
  return value === "signed-in";
}

/** Another tab was faster: nobody needs to sign in here. */
export const closeSignIn = (): void => closeDialog(dialog);

/** Remembers, in this tab alone, what was to be bought. */
export function leaveWith(skuId: string, quantity: number): void {
  try {
    sessionStorage.setItem(LEFT, JSON.stringify({ skuId, quantity, at: Date.now() }));
  } catch {
    // Storage is blocked: back here, the buyer presses once more.
  }
}

function forgetLeft(): void {
  try {
    sessionStorage.removeItem(LEFT);
  } catch {
    // Then it never was there.
  }
}

/** How many of a SKU were to be bought when the buyer left to sign in; once. */
export function takeLeft(skuId: string): number | undefined {
  try {
    const left = JSON.parse(sessionStorage.getItem(LEFT) ?? "{}");
    if (left.skuId !== skuId) return undefined;
    forgetLeft();
    return Date.now() - left.at < LEFT_MS ? left.quantity : undefined;
  } catch {
    return undefined;
  }
}

/** The dialog's form talks to the API instead of leading away. */
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
    tellSession();
  });
}
