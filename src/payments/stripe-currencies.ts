// What Stripe charges: its currencies, how it counts each, and its limits. All amounts are in Stripe's own units.
// Source: https://docs.stripe.com/currencies, read in 2026. Currencies that ISO 4217 has withdrawn are left out,
// although Stripe still lists some (ANG, BGN, STD).

/** The currencies that Stripe charges in. An account may support fewer, which Stripe reports with the charge. */
export const STRIPE_CURRENCIES = new Set(
  (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CLP CNY " +
    "COP CRC CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR " +
    "ISK JMD JOD JPY KES KGS KHR KMF KRW KWD KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK " +
    "MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SEK SGD " +
    "SHP SLE SOS SRD SZL THB TJS TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV WST XAF XCD XCG XOF XPF YER ZAR " +
    "ZMW"
  ).split(" "),
);

/**
 * Where Stripe's decimals differ from those of ISO 4217. ISK and UGX once had two and are still sent with two, both
 * zero. Stripe charges MGA in whole ariary only.
 */
export const STRIPE_DECIMALS: Readonly<Record<string, number>> = { ISK: 2, UGX: 2, MGA: 0 };

/**
 * The least that Stripe charges an account that settles in the same currency. Currencies without an entry are
 * converted first, at a rate that is not known here.
 */
export const STRIPE_MINIMUM: Readonly<Record<string, number>> = {
  AED: 200,
  ARS: 50,
  AUD: 50,
  BRL: 50,
  CAD: 50,
  CHF: 50,
  COP: 50,
  CZK: 1_500,
  DKK: 250,
  EUR: 50,
  GBP: 30,
  HKD: 400,
  HUF: 17_500,
  IDR: 50,
  ILS: 50,
  INR: 50,
  JPY: 50,
  KRW: 50,
  MXN: 1_000,
  MYR: 200,
  NOK: 300,
  NZD: 50,
  PHP: 50,
  PLN: 200,
  RON: 200,
  RUB: 50,
  SEK: 300,
  SGD: 50,
  THB: 1_000,
  USD: 50,
  ZAR: 50,
};

/**
 * The most that Stripe charges with any payment method: eight digits, and more in three currencies. Cards alone may
 * go higher, but the buyer's method is not known when a price is set.
 */
export const stripeMaximum = (currency: string): number =>
  ({ COP: 9_999_999_999, IDR: 999_999_999_999, INR: 999_999_999 })[currency] ?? 99_999_999;
