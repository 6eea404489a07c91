// Gets the buyer's token from our server, which knows who is signed in.

/** Undefined: nobody is signed in. */
export async function buyerToken() {
  const answer = await fetch("/doorbuster-token", { method: "POST" });
  return answer.ok ? answer.text() : undefined;
}
