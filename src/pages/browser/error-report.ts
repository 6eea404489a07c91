// Our own mistakes: written to the console and admitted on the page. They are never taken for a lost
// connection, and one part that fails does not take the others with it.
import { NO_DUPLICATE } from "../copy/refusal.ts";
import { part, setText } from "./dom.ts";

export const OUR_MISTAKE = `Something went wrong on our end. Please reload the page. ${NO_DUPLICATE}`;

/** Admits a mistake that was caught. */
export function report(error: unknown): void {
  console.error(error);
  admit();
}

const admit = (): void => setText(part(document, "page-fault"), OUR_MISTAKE);

/** Runs one part of the page. */
export function guard(work: () => void): void {
  try {
    work();
  } catch (error) {
    report(error);
  }
}

/** Extensions throw inside pages as well; a mistake of ours has our script in its stack. */
const isOurs = (error: unknown): boolean =>
  error instanceof Error && (error.stack ?? "").includes("/assets/");

/** What nobody caught is in the console already. */
export function watchForMistakes(): void {
  addEventListener("error", ({ error }) => isOurs(error) && admit());
  addEventListener("unhandledrejection", ({ reason }) => isOurs(reason) && admit());
}
