import { MemoryDisk } from "@stele/store/memory";
import { testDisk } from "@stele/store/testing";

testDisk("MemoryDisk", async () => {
  const disk = new MemoryDisk();
  await disk.makeDirectory("/d");
  return { disk, directory: "/d" };
});
