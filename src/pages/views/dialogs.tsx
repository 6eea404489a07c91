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

/** One slip of a thumb must not lose a thing that is sold out. */
export const GiveBackDialog = () => (
  <dialog id="give-back" aria-labelledby="give-back-title" aria-describedby="give-back-text">
    <h2 id="give-back-title">
      Give back <bdi data-give-name></bdi>?
    </h2>
    <p id="give-back-text">{GIVE_BACK}</p>
    <form method="dialog" class="stack">
      <button class="action" type="submit" value="keep">
        Keep it
      </button>
      <button class="quiet wide" type="submit" value="give">
        Yes, give it back
      </button>
    </form>
  </dialog>
);

export const GIVE_BACK = "It goes back on sale at once, and somebody else may take it.";
