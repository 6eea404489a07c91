// The modal dialogs, opened by browser code. Without JavaScript, forms lead to pages with the same content.
import { SignIn, type SignInOptions } from "./components.tsx";

interface SignInDialogProps {
  title: string;
  /** The path to come back to. */
  next: string;
  options: SignInOptions;
}

export const SignInDialog = ({ title, next, options }: SignInDialogProps) => (
  <dialog id="sign-in" aria-labelledby="sign-in-title">
    <h2 id="sign-in-title">{title}</h2>
    <SignIn next={next} options={options} />
    <form method="dialog">
      <button class="quiet wide" type="submit">
        Cancel
      </button>
    </form>
  </dialog>
);

/** Confirms a cancellation: a canceled item may be sold out a moment later. */
export const CancelDialog = () => (
  <dialog id="cancel-order" aria-labelledby="cancel-title" aria-describedby="cancel-text">
    <h2 id="cancel-title">
      Cancel your reservation for <bdi data-cancel-name></bdi>?
    </h2>
    <p id="cancel-text">{CANCEL_WARNING}</p>
    <form method="dialog" class="stack">
      <button class="action" type="submit" value="keep">
        Keep reservation
      </button>
      <button class="quiet wide" type="submit" value="cancel">
        Yes, cancel reservation
      </button>
    </form>
  </dialog>
);

export const CANCEL_WARNING = "The item goes back on sale right away, and someone else may buy it.";
