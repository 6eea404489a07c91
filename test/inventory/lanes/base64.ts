// Gives Node the base64 of byte arrays, which the runtime of the Worker has and Node has not yet.
Object.assign(Uint8Array.prototype, {
  toBase64(this: Uint8Array) {
    return Buffer.from(this).toString("base64");
  },
});
Object.assign(Uint8Array, { fromBase64: (text: string) => Buffer.from(text, "base64") });
