import { SteleError } from "@stele/core/error";

/**
 * What is read of a ledger whose oldest entries may be dropped meanwhile: read anew, of what is
 * left, as often as that got in the way. `first` says where the ledger begins.
 */
export async function despitePruning<T>(
  first: () => Promise<number>,
  read: () => Promise<T>,
): Promise<T> {
  for (;;) {
    const before = await first();
    try {
      return await read();
    } catch (error) {
      const isGone = error instanceof SteleError && error.code === "SEQ_PRUNED";
      if (!isGone || (await first()) === before) throw error;
    }
  }
}
