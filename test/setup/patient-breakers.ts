// The limits of the circuit breakers for instances under test. Tests of slowness set limits of their own.

/** Much longer than a busy machine stalls, so that a stall changes no answer. */
const patient = { limitMs: 20_000, slowMs: 20_000 };

/** Variables of a Worker. */
export const PATIENT_BREAKERS = {
  BREAKERS: JSON.stringify({
    redis: patient,
    "redis-background": patient,
    turnstile: patient,
    beacon: patient,
    webhook: patient,
  }),
};
