// The formula of early places, apart from the cryptography: the server and browsers use different libraries for that.
import { fromHex } from "./hex.ts";

/** The person and the sale that a ticket is for. */
export interface Registrant {
  saleId: string;
  userId: string;
}

/** The two values that decide the places of everyone who registered before the close. Both are 32 bytes in hexadecimal. */
export interface Draw {
  /** The sale's secret seed, to whose hash it committed before registration opened. */
  seed: string;
  /** The randomness of the drand round that the sale had named. */
  randomness: string;
}

/** The key of the HMAC: the bytes of the seed, then those of the randomness. */
export const drawKey = ({ seed, randomness }: Draw): Uint8Array<ArrayBuffer> =>
  fromHex(seed + randomness);

/** The message of the HMAC, in UTF-8. A sale id has no line break, so no two people share a message. */
export const placeMessage = ({ saleId, userId }: Registrant): string => `${saleId}\n${userId}`;

/** The first 52 bits of a digest in hexadecimal, as a fraction in [0, 1). */
export const fractionOf = (digest: string): number =>
  Number.parseInt(digest.slice(0, 13), 16) / 2 ** 52;
