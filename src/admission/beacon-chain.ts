// The drand beacon, a public source of random numbers: its main chain, and whether a round is genuine. Runs in Node,
// workerd and browsers.
import type { Chain } from "./draw.ts";
import { fromHex } from "./hex.ts";
import { sha256 } from "./sha256-web.ts";

/** A round as a relay answers it, in hexadecimal: 48 bytes of signature, and their SHA-256. */
export interface BeaconRound {
  round: number;
  randomness: string;
  signature: string;
}

/** drand's main chain, quicknet (scheme `bls-unchained-g1-rfc9380`). Its hash is one over the other parameters. */
export const QUICKNET: Chain = {
  hash: "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
  publicKey:
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
  genesisTime: 1_692_803_367,
  period: 3,
};

/** The scheme's domain separation tag (RFC 9380). */
const TAG = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

/** The message that the beacon signs: the SHA-256 of the round as eight bytes, the highest first. */
async function messageOf(round: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(round));
  return fromHex(await sha256(bytes));
}

/**
 * Whether the holders of the chain's key signed this round. False for anything malformed. The library loads on first
 * use, because it is large and its start is slow.
 */
export async function isSigned(
  { publicKey }: Pick<Chain, "publicKey">,
  { round, signature }: Pick<BeaconRound, "round" | "signature">,
): Promise<boolean> {
  const { bls12_381 } = await import("@noble/curves/bls12-381.js");
  const { Signature, hash, verify } = bls12_381.shortSignatures;
  try {
    const point = Signature.fromHex(signature);
    // A point has one encoding only. With a second one, the same signature would give another random number.
    if (Signature.toHex(point) !== signature) return false;
    return verify(point, hash(await messageOf(round), TAG), fromHex(publicKey));
  } catch {
    return false;
  }
}

/** The random number of a signature. */
export const randomnessOf = (signature: string): Promise<string> => sha256(fromHex(signature));
