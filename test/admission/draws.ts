// Rounds that drand's quicknet published, as several public clients and their tests record them, and draws built on them.
import { type BeaconRound, QUICKNET } from "../../src/admission/beacon-chain.ts";
import {
  type DrawDocument,
  type FrontierStep,
  linkText,
  roundTime,
} from "../../src/admission/draw.ts";
import { fromHex } from "../../src/admission/hex.ts";
import { sha256 } from "../../src/admission/sha256-web.ts";

export const RECORDED: readonly BeaconRound[] = [
  {
    round: 1_000,
    randomness: "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd",
    signature:
      "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39",
  },
  {
    round: 1_001,
    randomness: "b0a591ad1b9002cfc372ac6e30abd3da8d3088d4caae026961743474fb94235f",
    signature:
      "b33bf3667cbd5a82de3a24b4e0e9fe5513cc1a0e840368c6e31f5fcfa79bea03f73896b25883abf2853d10337fb8fa41",
  },
  {
    round: 1_002,
    randomness: "339d3f0e702ed27d36966c6ee85a2bc762a24e178e7e5c835d9b5a7509cb920c",
    signature:
      "ab066f9c12dd6de1336fca0f925192fb0c72a771c3e4c82ede1fd362c1a770f9eb05843c6308ce2530b53a99c0281a6e",
  },
  {
    round: 657_413,
    randomness: "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587",
    signature:
      "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b",
  },
  {
    round: 5_928_395,
    randomness: "51722dab0761a1ba5b39f653fa87bef41b442d91fc926a4d727a6be87373fc58",
    signature:
      "a5d07c0071b4e386b3ae09206522253c68fefe8490ad59ecc44a7dd0d0745be91da5779e2247a82403fbc0cb9a34cb61",
  },
];

/** Round 657,413. */
export const ROUND = RECORDED[3] as BeaconRound;

export const SEED = "5eed".repeat(16);

export type RevealedDraw = Extract<DrawDocument, { revealed: true }>;

/** The frontier's steps in the first seconds after the round. */
const someSteps = (from: number): FrontierStep[] =>
  [0.125, 0.25, 0.75, 1, 1.5].map((frontier, index) => [from + 1_000 * index, frontier]);

/** The last link of a history's chain. */
export async function chained(commitment: string, history: FrontierStep[]): Promise<string> {
  let link = commitment;
  for (const step of history) link = await sha256(linkText(link, step));
  return link;
}

/** A revealed draw that is right in every respect. Its registration closed ten seconds before the round. */
export async function revealedDraw(round: BeaconRound = ROUND): Promise<RevealedDraw> {
  const commitment = await sha256(fromHex(SEED));
  const at = roundTime(QUICKNET, round.round);
  const history = someSteps(at);
  return {
    saleId: "spring-drop",
    mode: "draw",
    commitment,
    round: round.round,
    chain: QUICKNET,
    registrationClosesAt: new Date(at - 10_000).toISOString(),
    revealed: true,
    seed: SEED,
    randomness: round.randomness,
    signature: round.signature,
    history,
    historyHash: await chained(commitment, history),
  };
}
