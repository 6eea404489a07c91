// An identity provider with a key set, and tokens signed with its keys.
import { exportJWK, generateKeyPair, type JWTPayload } from "jose";
import { onTestFinished, vi } from "vitest";
import type { AuthConfig } from "../../src/funnel/identity.ts";
import { unique } from "../support/shop.ts";
import { inAnHour, token } from "./tokens.ts";

/** The provider's first key, `k1`. Set by `givenProviderKey`. */
export let pair: Awaited<ReturnType<typeof generateKeyPair>>;
export let publicJwk: Awaited<ReturnType<typeof exportJWK>>;

export async function givenProviderKey(): Promise<void> {
  pair = await generateKeyPair("ES256", { extractable: true });
  publicJwk = { ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "ES256", use: "sig" };
}

/** A key pair: its public key as in a key set, and a signer of tokens. Tokens name `kid` only if it is given. */
export async function aKey(alg: string, { kid, ...changes }: { kid?: string; alg?: string } = {}) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = {
    ...(await exportJWK(publicKey)),
    ...(kid ? { kid } : {}),
    alg,
    use: "sig",
    ...changes,
  };
  const header = { alg, ...(kid ? { kid } : {}) };
  const sign = (sub: string, claims: JWTPayload = {}) =>
    token({ claims: { sub, exp: inAnHour(), ...claims }, header, signWith: privateKey });
  return { jwk, token: sign };
}

/** Given a provider with this key set, at a URL that nothing has cached. */
export function givenProvider(answer: () => Response | Promise<Response>) {
  const url = `https://id.shop/${unique("jwks")}`;
  const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async () => answer());
  onTestFinished(() => spy.mockRestore());
  return { config: { AUTH_JWKS_URL: url } satisfies AuthConfig, fetches: spy };
}
/** The provider's answer with its first key. */
export const keySet = () => Response.json({ keys: [publicJwk] });
/** A token for ann, signed with the first key. */
export const good = () => token({ header: { alg: "ES256", kid: "k1" }, signWith: pair.privateKey });

/** A token for `sub`, signed with the first key. */
export const known = (sub: string) =>
  token({ claims: { sub }, header: { alg: "ES256", kid: "k1" }, signWith: pair.privateKey });
