// Signing in on the page: a dialog with the demo form or a link to the shop's sign-in page.
import { type Problem, refusalText } from "../copy/refusal.ts";
import { call } from "./api.ts";
import { closeDialog, openDialog } from "./dialog.ts";
import { part, setText } from "./dom.ts";
import { WORDING } from "./locale.ts";
import { forgetStep } from "./saved-step.ts";
import { notifySessionChange } from "./tab-channel.ts";
import { WORDS } from "./words.ts";

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
  forgetStep();
  return value === "signed-in";
}

/** Closes the dialog when another tab made the sign-in unnecessary. */
export const closeSignIn = (): void => closeDialog(dialog);

/** `unavailable` and the like are explained on pages that have the words for it. */
const faultOf = (problem: Problem): string =>
  problem.code ? refusalText(problem, WORDING) : WORDS.common.noConnection;

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
    const fault = answer.ok ? "" : faultOf(answer.body);
    setText(part(form, "login-fault"), fault);
    if (!answer.ok) return;
    closeDialog(dialog, "signed-in");
    notifySessionChange();
  });
}
