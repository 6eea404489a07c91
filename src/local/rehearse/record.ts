// Records the result of a rehearsal at the instance that was rehearsed, whose preflights show the last one.
import type { Rehearsal } from "../../admin/rehearsals.ts";
import type { Instance } from "./instance.ts";
import type { ProofStatus } from "./proofs/verify.ts";
import type { Result } from "./result.ts";

/** How the rehearsal ended, in numbers. */
function toRecord({ scenario, provider, buyers, proofs }: Result): Rehearsal {
  const count = (wanted: ProofStatus) => proofs.filter(({ status }) => status === wanted).length;
  const [held, broken, notObserved] = [count("held"), count("broken"), count("not observed")];
  return { scenario, provider, buyers, held, broken, notObserved };
}

/** Tells the instance how the rehearsal ended. Returns what to print about it. Never throws: the report counts. */
export async function record({ client }: Instance, result: Result): Promise<string> {
  const status = await client.admin("POST", "/rehearsals", toRecord(result)).then(
    (answer) => `status ${answer.status}`,
    (error: Error) => error.message,
  );
  return status === "status 200"
    ? "The instance has recorded the result, and its preflights show it."
    : `The instance did not record the result, so its preflights do not show it: ${status}`;
}
