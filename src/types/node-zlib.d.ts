// The one function of node:zlib that Worker code uses: the streams of the Web know no Brotli.
declare module "node:zlib" {
  export function brotliDecompressSync(bytes: ArrayBuffer): Uint8Array;
}
