// Modules of bytes, which the Worker gets without parsing them.
declare module "*.bin" {
  const bytes: ArrayBuffer;
  export default bytes;
}
