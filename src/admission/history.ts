// The hash chain over all positions of a frontier. Its last link is public all along, so that the history that is
// published afterwards cannot be another one.
import { digest } from "../digest.ts";
import { type FrontierStep, linkText } from "./draw.ts";

/** SHA-256 of a seed's 32 bytes. All hexadecimal. It is also the first link of the chain. */
export const commitmentOf = (seed: Uint8Array): string => digest(seed, "hex");

/** The link after `previous`: SHA-256 of `<previous>|<at>|<frontier>` in UTF-8, in hexadecimal. */
export const nextLink = (previous: string, step: FrontierStep): string =>
  digest(linkText(previous, step), "hex");
