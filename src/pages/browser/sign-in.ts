// Signing in without leaving the page: a dialog that resolves once the session is there.
import { call } from "./api.ts";

/** Asks for a sign-in. False when the visitor closes the dialog instead. */
export function signIn(): Promise<boolean> {
  const dialog = document.querySelector<HTMLDialogElement>("dialog#sign-in");
  if (!dialog) return Promise.resolve(false);
  dialog.returnValue = "";
  // The page is the same for everybody and does not know its own address; the shop must, to lead back.
  const link = dialog.querySelector<HTMLAnchorElement>("a[data-sign-in]");
  if (link) {
    const url = new URL(link.href);
    url.searchParams.set("return_to", location.href);
    link.href = url.href;
  }
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "signed-in"), {
      once: true,
    });
  });
}

/** The dialog's form talks to the API instead of leading away. */
export function mountSignIn(): void {
  const dialog = document.querySelector<HTMLDialogElement>("dialog#sign-in");
  const form = dialog?.querySelector<HTMLFormElement>("[data-login]");
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const user = String(new FormData(form).get("user") ?? "").trim();
    const answer = await call("POST", "/login", { body: { user } });
    const fault = form.querySelector<HTMLElement>("[data-login-fault]");
    if (fault) {
      fault.hidden = answer.ok;
      fault.textContent = answer.status === 0 ? "No connection." : (answer.body.title ?? "");
    }
    if (answer.ok) dialog?.close("signed-in");
  });
}
