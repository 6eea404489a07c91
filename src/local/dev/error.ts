// What `npm run dev` ends with when the cause is known: the message is all there is to say.
export class DevError extends Error {}
