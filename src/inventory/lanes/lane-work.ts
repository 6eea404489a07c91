// The object of one side of the escrow, as that side sees it. `UnitOfWork` is one, and so are the lanes of the simulation.
import type { UnitOfWork } from "../unit-of-work.ts";

export interface LaneWork extends Pick<UnitOfWork, "expireEnded" | "wakeBy"> {
  ledger: Pick<UnitOfWork["ledger"], "setup" | "stock" | "saveSetup">;
  published: Pick<UnitOfWork["published"], "stockChanged">;
}
