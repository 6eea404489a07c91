// Modal dialogs. Safari before 15.4 has no `showModal`: there the dialog is shown inline.

const canBeModal = (dialog: object): boolean => "showModal" in dialog;

/** Opens the dialog and resolves with its return value; "" if it was dismissed. */
export function openDialog(dialog: HTMLDialogElement): Promise<string> {
  dialog.returnValue = "";
  if (canBeModal(dialog)) dialog.showModal();
  else showWithoutModal(dialog);
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

function showWithoutModal(dialog: HTMLDialogElement): void {
  dialog.setAttribute("open", "");
  // Such a browser does not support `method="dialog"` either and would submit the form.
  for (const button of dialog.querySelectorAll<HTMLButtonElement>('[method="dialog"] button')) {
    button.onclick = (event) => {
      event.preventDefault();
      closeDialog(dialog, button.value);
    };
  }
  dialog.querySelector<HTMLElement>("input:not([type=hidden]), a, button")?.focus();
}
