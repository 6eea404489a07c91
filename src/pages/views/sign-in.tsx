// The buyer's page to sign in.
import type { Page } from "../page.ts";
import { SignIn, type SignInOptions } from "./components.tsx";
import { renderDocument } from "./layout.tsx";

export function renderSignIn(
  page: Page,
  next: string,
  origin: string,
  options: SignInOptions,
): Promise<string> {
  const { page: words } = page.wording.words;
  return renderDocument(page, {
    title: words.signIn,
    personal: true,
    children: (
      <div class="page narrow">
        <h1>{words.signInToSee}</h1>
        <div class="card">
          <SignIn next={next} origin={origin} options={options} />
        </div>
      </div>
    ),
  });
}
