// Currencies by ISO 4217: which codes are active, and how many decimals their minor unit has. `Intl` has a table
// too, but it differs between engines: Chromium writes HUF without decimals, and other engines with two.
//
// Source: ISO 4217 list one as published on 2026-01-01 by the maintenance agency (https://www.six-group.com).
// Codes without a minor unit, such as XAU (gold) and XTS (testing), are left out: nothing can be priced in them.

const NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND";
const FOUR_DECIMALS = "CLF UYW";
const TWO_DECIMALS =
  "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW " +
  "CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF " +
  "IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK " +
  "MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP " +
  "SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG " +
  "YER ZAR ZMW ZWG";

/** The decimals of a currency's minor unit: 0 for JPY, 2 for USD, 3 for KWD. Unknown codes have 2. */
export function minorUnitDecimals(currency: string): number {
  if (NO_DECIMALS.includes(currency)) return 0;
  if (THREE_DECIMALS.includes(currency)) return 3;
  return FOUR_DECIMALS.includes(currency) ? 4 : 2;
}

/** Whether ISO 4217 lists the code today, with a minor unit. Codes of the past, such as DEM, are not active. */
export const isActiveCurrency = (currency: string): boolean =>
  [NO_DECIMALS, TWO_DECIMALS, THREE_DECIMALS, FOUR_DECIMALS].some((codes) =>
    codes.split(" ").includes(currency),
  );
