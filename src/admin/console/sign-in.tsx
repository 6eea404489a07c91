// The sign-in page of the console.
import { renderConsole } from "./layout.tsx";

/** @param fault why the last attempt was refused */
export const renderSignIn = (next: string, fault?: string): Promise<string> =>
  renderConsole({
    title: "Sign in",
    children: (
      <form class="sign-in" method="post" action="/admin/sign-in">
        <h1>Sign in</h1>
        <input type="hidden" name="next" value={next} />
        <label>
          <span>Operator's or viewer's token</span>
          <input
            name="token"
            type="password"
            required
            maxlength={512}
            autocomplete="current-password"
            aria-describedby={fault ? "fault" : undefined}
            aria-invalid={fault ? "true" : undefined}
          />
        </label>
        {fault ? (
          <p class="fault" id="fault" role="alert">
            {fault}
          </p>
        ) : null}
        <button type="submit">Sign in</button>
      </form>
    ),
  });
