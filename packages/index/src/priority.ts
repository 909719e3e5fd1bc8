import { constants, getPriority, setPriority } from "node:os";

/** Appending goes before indexing. On Linux the priority is of the calling thread alone. */
export function giveWayToAppending(): void {
  const below = constants.priority.PRIORITY_BELOW_NORMAL;
  // Not every user may take back what a process that is nicer still has given.
  if (process.platform === "linux" && getPriority() < below) setPriority(below);
}
