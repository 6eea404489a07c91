// Asks in a dialog. Safari before 15.4 has none: there it is part of the page, shown and hidden by hand.

const canBeModal = (dialog: object): boolean => "showModal" in dialog;

/** Opens the dialog and resolves with the value it is closed with; "" when it was dismissed. */
export function askIn(dialog: HTMLDialogElement): Promise<string> {
  dialog.returnValue = "";
  if (canBeModal(dialog)) dialog.showModal();
  else showByHand(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
  });
}

export function closeDialog(dialog: HTMLDialogElement | null, value?: string): void {
  if (!dialog?.hasAttribute("open")) return;
  if (canBeModal(dialog)) dialog.close(value);
  else {
    dialog.removeAttribute("open");
    if (value !== undefined) dialog.returnValue = value;
    dialog.dispatchEvent(new Event("close"));
  }
}

function showByHand(dialog: HTMLDialogElement): void {
  dialog.setAttribute("open", "");
  // Such a browser does not know `method="dialog"` either, and would send the form.
  for (const button of dialog.querySelectorAll<HTMLButtonElement>('[method="dialog"] button')) {
    button.onclick = (event) => {
      event.preventDefault();
      closeDialog(dialog, button.value);
    };
  }
  dialog.querySelector<HTMLElement>("input:not([type=hidden]), a, button")?.focus();
}
