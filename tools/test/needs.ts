import { spawnSync } from "node:child_process";

/** A command that some tests need and that npm cannot install. */
interface Need {
  readonly command: string;
  /** The Debian package that has it. */
  readonly debian: string;
  /** What is not tested without it. */
  readonly skips: string;
}

const NEEDS: readonly Need[] = [
  {
    command: "strace",
    debian: "strace",
    skips: "each file-system call failing in turn",
  },
  {
    command: "flock",
    debian: "util-linux",
    skips: "the lock that the operating system releases",
  },
  {
    command: "python3",
    debian: "python3",
    skips: "the second verifier, tools/verify.py",
  },
  {
    command: "go",
    debian: "golang-go",
    skips: "the transparency log packages of Go on a published journal",
  },
  {
    command: "jq",
    debian: "jq",
    skips: "terminal sessions in which people use it",
  },
];

/** One line for each command that this machine lacks, with the remedy. */
export function missingNeeds(): string[] {
  return NEEDS.filter(({ command }) => !isInstalled(command)).map(
    ({ command, debian, skips }) =>
      `missing ${command}, so not tested: ${skips}. Install it with: apt-get install ${debian}`,
  );
}

/** Why a terminal session cannot be played here: it uses a command that is missing. */
export function whyNotPlayed(session: string): string | false {
  const usesJq = /^\$.*\| jq\b/m.test(session);
  return usesJq && !isInstalled("jq") && "there is no jq";
}

function isInstalled(command: string): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).error === undefined;
}
