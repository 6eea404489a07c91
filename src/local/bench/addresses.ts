// Client IP addresses for benchmark requests. Each row draws from its own blocks of the private 10.0.0.0/8, so a rule,
// a limit, or a block on an address of one row never affects another row.

const BLOCKS = 256;
/** Addresses in a /16. */
const BLOCK_SIZE = 65_536;

/** The number of /16 blocks handed out in this process. No block is ever reused. */
let takenBlocks = 0;

/** A source of IPv4 addresses that no other range returns. */
export class AddressRange {
  #block = 0;
  #used = BLOCK_SIZE;

  /**
   * Returns a new address. Consecutive addresses are in different /24 networks, because many accounts in one network
   * raise the risk score.
   *
   * @throws when all of 10.0.0.0/8 is used
   */
  next(): string {
    if (this.#used === BLOCK_SIZE) {
      if (takenBlocks === BLOCKS) throw new Error("no client addresses are left: use fewer rounds");
      this.#block = takenBlocks;
      takenBlocks += 1;
      this.#used = 0;
    }
    const index = this.#used;
    this.#used += 1;
    return `10.${this.#block}.${index & 255}.${index >> 8}`;
  }
}
