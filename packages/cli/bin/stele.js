#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major > 22 || (major === 22 && minor >= 18)) {
  await import("../dist/main.js");
} else {
  const found = `Stele needs Node.js 22.18 or newer, this is ${process.version}`;
  console.error(`stele: ${found}; in its own repository, run it with: npx stele`);
  process.exitCode = 2;
}
