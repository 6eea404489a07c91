// The sandbox gateway: no card network, the token decides the outcome. For demos, tests and rehearsals.
import type { PaymentGateway } from "./gateway.ts";
import type { SandboxBank } from "./sandbox-bank.ts";

export interface SandboxEnv {
  SANDBOX_BANK: DurableObjectNamespace<SandboxBank>;
}

/** The only bank. A new stub each time, because a stub that threw is dead. */
export const bankOf = (env: SandboxEnv) => env.SANDBOX_BANK.getByName("bank");

export function sandboxGateway(env: SandboxEnv): PaymentGateway {
  return {
    charge: async (request) => bankOf(env).charge(request),
    void: async (request) => bankOf(env).void(request),
    refund: async (request) => bankOf(env).refund(request),
  };
}
