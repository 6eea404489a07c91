// Estimates the offset of the server's clock from timed requests, as NTP does. Pure.

/** One time request. `sent` and `received` are on the visitor's monotonic clock, in milliseconds. */
export interface Sample {
  sent: number;
  received: number;
  /** The server's time when it answered: milliseconds since 1970. */
  server: number;
}

const roundTrip = ({ sent, received }: Sample): number => received - sent;

/**
 * The difference of the server's clock to the monotonic one, in milliseconds. It uses the fastest round trip and assumes
 * that the server answered halfway: the error is at most half of that round trip. An estimate that runs ahead means
 * that the request took the longer half, so an order sent then still arrives in time. Undefined without a sample.
 */
export function offsetOf(samples: readonly Sample[]): number | undefined {
  const [quickest] = [...samples].sort((a, b) => roundTrip(a) - roundTrip(b));
  return quickest && quickest.server - (quickest.sent + quickest.received) / 2;
}
