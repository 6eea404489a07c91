// The modal dialogs, opened by browser code. Without JavaScript, forms lead to pages with the same content.
import { SignIn, type SignInOptions } from "./components.tsx";
import { Say, useWords } from "./page-context.tsx";

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
        {useWords().page.cancel}
      </button>
    </form>
  </dialog>
);

/** Confirms a cancellation: a canceled item may be sold out a moment later. */
export const CancelDialog = () => (
  <dialog id="cancel-order" aria-labelledby="cancel-title" aria-describedby="cancel-text">
    <h2 id="cancel-title">
      <Say text={useWords().page.cancelQuestion} gaps={{ item: <bdi data-cancel-name></bdi> }} />
    </h2>
    <p id="cancel-text">{useWords().page.cancelWarning}</p>
    <form method="dialog" class="stack">
      <button class="action" type="submit" value="keep">
        {useWords().page.keep}
      </button>
      <button class="quiet wide" type="submit" value="cancel">
        {useWords().page.yesCancel}
      </button>
    </form>
  </dialog>
);
