// The questions a page asks on top of itself. Without JavaScript they are never seen: forms lead to pages
// that ask the same.
import { SignIn, type SignInWays } from "./parts.tsx";

interface SignInDialogProps {
  title: string;
  /** The path to come back to. */
  next: string;
  ways: SignInWays;
}

export const SignInDialog = ({ title, next, ways }: SignInDialogProps) => (
  <dialog id="sign-in" aria-labelledby="sign-in-title">
    <h2 id="sign-in-title">{title}</h2>
    <SignIn next={next} ways={ways} />
    <form method="dialog">
      <button class="quiet wide" type="submit">
        Cancel
      </button>
    </form>
  </dialog>
);

/** Asks before an item is lost that may be sold out. */
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
