// The hash chain over all positions of a frontier. Its last link is public all along, so that the history that is
// published afterwards cannot be another one.
import { createHash } from "node:crypto";
import { type FrontierStep, linkText } from "./draw.ts";

const sha256 = (data: string | Uint8Array): string =>
  createHash("sha256").update(data).digest("hex");

/** SHA-256 of a seed's 32 bytes. All hexadecimal. It is also the first link of the chain. */
export const commitmentOf = (seed: Uint8Array): string => sha256(seed);

/** The link after `previous`: SHA-256 of `<previous>|<at>|<frontier>` in UTF-8, in hexadecimal. */
export const nextLink = (previous: string, step: FrontierStep): string =>
  sha256(linkText(previous, step));
