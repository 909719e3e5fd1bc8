import { test } from "node:test";

/** Run as one test file: has the tests of every file that STELE_TEST_FILES names, one URL a line. */
for (const url of (process.env["STELE_TEST_FILES"] ?? "").split("\n")) {
  try {
    await import(url);
  } catch (error) {
    test(`import ${url}`, () => {
      throw error;
    });
  }
}
