// The settings of the deployment and its switches that a sale page depends on.
import { canChallenge } from "../catalog/challenge-mode.ts";
import type { Sale } from "../catalog/schema.ts";
import type { Config } from "../config/config.ts";
import { paymentModeOf } from "../payments/payment-mode.ts";
import { signInOptions } from "./views/components.tsx";
import type { PageSettings } from "./views/sale.tsx";

export const settingsOf = (config: Config, sale: Sale): PageSettings => ({
  signIn: signInOptions(config),
  paymentMode: paymentModeOf(config),
  challenges: canChallenge(sale),
});
