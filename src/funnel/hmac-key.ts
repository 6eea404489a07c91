// Caches imported HMAC keys for the isolate's lifetime, because importing a key costs more than using it.

const imported = new Map<string, CryptoKey>();

/** The HS256 key of a secret. There are two or three secrets, so the map stays small. */
export async function hmacKey(secret: string): Promise<CryptoKey> {
  const known = imported.get(secret);
  if (known) return known;
  const bytes = new TextEncoder().encode(secret);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign", "verify"]);
  imported.set(secret, key);
  return key;
}
