// Deletes all that a Durable Object has stored, after a rehearsal.

/**
 * Deletes all that an object has stored, with its alarm. Then restarts the object, whose memory would contradict that. The
 * restart comes after the answer of the call, because it ends all calls.
 */
export async function eraseObject(ctx: DurableObjectState): Promise<void> {
  await ctx.storage.deleteAll();
  setTimeout(() => ctx.abort("the object was erased"));
}
