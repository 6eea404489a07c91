// The rules for the document of a rehearsal. Pure.

/** The id of a rehearsal begins with this. */
export const REHEARSAL_ID = "rehearsal-";

/** Longest time for which a rehearsal sells. It removes itself soon after its end. */
const MAX_OPEN_MS = 2 * 3_600_000;

interface Times {
  opensAt: string;
  closesAt: string;
}

/** The faults of a document that says it is a rehearsal. */
export function rehearsalFaults({
  id,
  listed,
  rehearsal,
  opensAt,
  closesAt,
}: Times & { id: string; listed?: boolean | undefined; rehearsal?: true | undefined }): {
  path: string[];
  message: string;
}[] {
  if (!rehearsal) return [];
  return [
    ...(id.startsWith(REHEARSAL_ID)
      ? []
      : [{ path: ["id"], message: `must begin with ${REHEARSAL_ID}` }]),
    ...(listed === false ? [] : [{ path: ["listed"], message: "must be false for a rehearsal" }]),
    ...(Date.parse(closesAt) - Date.parse(opensAt) <= MAX_OPEN_MS
      ? []
      : [{ path: ["closesAt"], message: "must be at most two hours after opensAt" }]),
  ];
}
