// What `npm run rehearse` sends to the instance that it rehearsed.
import type { Rehearsal } from "../../../src/admin/rehearsals.ts";

export const aRehearsal = (changes: Partial<Rehearsal> = {}): Rehearsal => ({
  ...{ scenario: "rush", provider: "sandbox", buyers: 50, held: 20, broken: 0, notObserved: 3 },
  ...changes,
});
