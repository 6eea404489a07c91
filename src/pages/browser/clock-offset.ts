// How far the server's clock is from the visitor's, from questions and answers. Pure.

/** One question for the time. `sent` and `received` are by the visitor's monotonic clock, in milliseconds. */
export interface Sample {
  sent: number;
  received: number;
  /** The server's time when it answered: milliseconds since 1970. */
  server: number;
}

const roundTrip = ({ sent, received }: Sample): number => received - sent;

/**
 * What to add to the monotonic clock to get the server's: by the quickest answer, taken to be made halfway.
 * It errs by half of that round trip at most. When it is ahead, the way to the server was the longer half,
 * so a press sent then still arrives in time. Undefined without a sample.
 */
export function offsetOf(samples: readonly Sample[]): number | undefined {
  const [quickest] = [...samples].sort((a, b) => roundTrip(a) - roundTrip(b));
  return quickest && quickest.server - (quickest.sent + quickest.received) / 2;
}
