// The shape of `assets.gen.js`, which src/pages/build.ts makes and git does not keep.
export interface BuiltAsset {
  name: string;
  extension: string;
  /** The start of the SHA-256 of `body`. */
  hash: string;
  body: string;
}

export declare const ASSETS: readonly BuiltAsset[];
