// Where nobody can sign in without the shop's identity provider, the operator signs the buyers: synthetic people of a rehearsal.
import type { RehearsalGrant } from "../../admin/rehearsal-grants.ts";
import { signPerson, syntheticId } from "../../admission/rehearsal.ts";
import { type Client, expectOk } from "../client.ts";

/** How the buyers of one sale are named and signed. */
export interface Signer {
  /** The user id of the person with this name. */
  userOf(name: string): string;
  /** Their token. */
  sign(name: string, address: string, hasSolved: boolean): string | Promise<string>;
}

/** Asks the operator's API for the right to sign people of a rehearsal. The operator's log gets an entry. */
export async function signerFor(client: Client, saleId: string): Promise<Signer> {
  const path = `/sales/${saleId}/rehearsal-grants`;
  const { grant } = expectOk(await client.admin<RehearsalGrant>("POST", path, {}));
  return {
    userOf: (name) => syntheticId(saleId, name),
    sign: (name, address, hasSolved) => signPerson(grant, { name, address, hasSolved }),
  };
}
