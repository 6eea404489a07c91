// Who may already have an order for a SKU, small enough to publish. Edges refuse the crowd with "sold
// out" from memory; but a buyer who retries has an answer waiting, and must get through to it.

/** Beyond this many buyers they are not told, and every attempt asks the object. */
export const MAX_TOLD_BUYERS = 20_000;

/** 32-bit FNV-1a of a user id. Two users that collide only cost an unneeded question to the object. */
export function buyerHash(userId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < userId.length; i += 1) {
    hash = Math.imul(hash ^ userId.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/** Base64 of the hashes, four bytes each. */
export function encodeBuyers(hashes: Set<number>): string {
  const bytes = new Uint8Array(Uint32Array.from(hashes).buffer);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** @throws when the text is not base64 of whole hashes */
export function decodeBuyers(text: string): Set<number> {
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  return new Set(new Uint32Array(bytes.buffer));
}
