// Gives Node the base64 of byte arrays, which the runtime of the Worker has and Node has not yet. It follows the standard's
// options, because every library in the same process uses it as well.
interface Options {
  alphabet?: "base64" | "base64url";
  omitPadding?: boolean;
}

Object.assign(Uint8Array.prototype, {
  toBase64(this: Uint8Array, { alphabet = "base64", omitPadding = false }: Options = {}): string {
    const padded = Buffer.from(this).toString("base64");
    const text = omitPadding ? padded.replace(/=+$/, "") : padded;
    return alphabet === "base64" ? text : text.replaceAll("+", "-").replaceAll("/", "_");
  },
});

Object.assign(Uint8Array, {
  fromBase64(text: string, { alphabet = "base64" }: Options = {}): Uint8Array {
    const characters = alphabet === "base64" ? /^[A-Za-z0-9+/]*={0,2}$/ : /^[\w-]*={0,2}$/;
    if (!characters.test(text)) throw new SyntaxError("not base64");
    return new Uint8Array(Buffer.from(text, alphabet));
  },
});
