// The three functions of node:crypto that Worker code uses.
declare module "node:crypto" {
  interface Digest {
    update(data: string | Uint8Array): Digest;
    digest(encoding: "hex" | "base64" | "base64url"): string;
  }
  export function createHmac(algorithm: "sha256", key: string | Uint8Array): Digest;
  export function createHash(algorithm: "sha256"): Digest;
  export function timingSafeEqual(left: Uint8Array, right: Uint8Array): boolean;
}
