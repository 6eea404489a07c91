// Reports bugs in our own scripts: in the console and on the page. They are never shown as a lost connection, and one
// failing part does not stop the others.
import { part, setText } from "./dom.ts";
import { WORDS } from "./words.ts";

/** Reports a caught error. */
export function report(error: unknown): void {
  console.error(error);
  showError();
}

const showError = (): void => setText(part(document, "page-fault"), WORDS.common.internalError);

/** Runs one part of the page and reports its error. */
export function guard(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    report(error);
  }
}

/** Browser extensions throw inside pages as well; our own errors have our script in their stack. */
const isOurs = (error: unknown): boolean =>
  error instanceof Error && (error.stack ?? "").includes("/assets/");

/** Shows uncaught errors on the page; the browser logs them itself. */
export function watchForErrors(): void {
  addEventListener("error", ({ error }) => isOurs(error) && showError());
  addEventListener("unhandledrejection", ({ reason }) => isOurs(reason) && showError());
}
