// Signs reports, so that they can be shown to others: an Ed25519 key that follows from SIGNING_SECRET, and a compact JWS.
import { CompactSign, calculateJwkThumbprint, exportJWK, type JWK } from "jose";
import type { Config } from "../../config/config.ts";
import { keyedDigest } from "../../digest.ts";
import type { Report, SignedReport } from "./document.ts";

/** The first bytes of every Ed25519 private key in PKCS #8 (RFC 8410); the 32 bytes of the seed follow. */
const PKCS8_PREFIX = "302e020100300506032b657004220420";
const ALGORITHM = "EdDSA";

interface Signer {
  key: CryptoKey;
  publicKey: JWK;
}

const signers = new Map<string, Promise<Signer>>();

/** The key of a secret, made once. Another secret gives another key, so reports signed before need the old public key. */
function signerOf({ SIGNING_SECRET }: Pick<Config, "SIGNING_SECRET">): Promise<Signer> {
  const known = signers.get(SIGNING_SECRET);
  if (known) return known;
  const made = makeSigner(SIGNING_SECRET);
  signers.set(SIGNING_SECRET, made);
  return made;
}

async function makeSigner(secret: string): Promise<Signer> {
  const seed = Uint8Array.fromBase64(keyedDigest(secret, "report-key"), { alphabet: "base64url" });
  const pkcs8 = new Uint8Array([...Uint8Array.fromHex(PKCS8_PREFIX), ...seed]);
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
  const { d: _, ...pair } = await exportJWK(key);
  const { kty, crv, x } = pair;
  const kid = await calculateJwkThumbprint({ kty, crv, x } as JWK);
  return { key, publicKey: { kty, crv, x, kid, alg: ALGORITHM, use: "sig" } as JWK };
}

/** The public key, as a JWK. */
export const reportKey = async (config: Pick<Config, "SIGNING_SECRET">): Promise<JWK> =>
  (await signerOf(config)).publicKey;

export async function signReport(
  config: Pick<Config, "SIGNING_SECRET">,
  report: Report,
): Promise<SignedReport> {
  const { key, publicKey } = await signerOf(config);
  const payload = new TextEncoder().encode(JSON.stringify(report));
  const header = { alg: ALGORITHM, kid: publicKey.kid as string, typ: "doorbuster-report+jws" };
  return { report, jws: await new CompactSign(payload).setProtectedHeader(header).sign(key) };
}
