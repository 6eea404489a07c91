// Does what a button says, and tells what a person can do about an error.
import { ApiError } from "/doorbuster-client.js";
import { write } from "./view.js";

/** Only our own server knows who is signed in. */
export class SignedOut extends Error {}

/** What a person can do about an error. @param {unknown} error */
export function explanation(error) {
  if (error instanceof SignedOut) return "Sign in to buy.";
  if (!(error instanceof ApiError)) return "No connection. Press again: you never get two.";
  // `code` is stable, the other texts are not. A code that is new here still has its `detail`.
  if (error.code === "sold_out") return "Sold out. Somebody was faster.";
  if (error.code === "user_limit_reached") return "You have all that one person can get.";
  return error.problem.detail;
}

let isBusy = false;

/** Runs what a button does. The buttons do nothing meanwhile, but keep the focus. @param {() => Promise<void>} action */
export async function act(action) {
  if (isBusy) return;
  isBusy = true;
  write("message", "One moment …");
  try {
    await action();
  } catch (error) {
    write("message", explanation(error));
  } finally {
    isBusy = false;
  }
}
