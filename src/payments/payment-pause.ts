// An operator's pause of all payments, as the buyer of an unpaid order learns of it.

export interface PaymentPause {
  /** The operator's own words for buyers. */
  notice?: string;
  /** The payment was given, and waits for the end of the pause. */
  isDue: boolean;
  /** For how long the item stays reserved at most. */
  minutes: number;
}

/** The words of the API. Pages have them in the language of the buyer. */
export function pauseText({ notice, isDue, minutes }: PaymentPause): string {
  const what = notice ?? "Payments are paused right now.";
  const goesOn = isDue ? "Yours is sent" : "You can still pay: your payment is sent";
  return `${what} ${goesOn} as soon as they go on. Your item stays reserved meanwhile, for up to ${minutes} minutes.`;
}
