// An error with a known cause. `npm run dev` prints its message without a stack trace, then exits.
export class DevError extends Error {}
