import { createBLAKE3, createCRC32, type IHasher } from "hash-wasm";
import { equalBytes } from "@stele/core/bytes";
import { MAX_RECORD_BYTES } from "./format.ts";

const LENGTH_BYTES = 4;
const HASH_BYTES = 32;
/** Where the stated BLAKE3 hash is in a record. */
export const HASH_AT = 8;
/** Length, CRC32C and BLAKE3 before each payload. */
export const HEADER_BYTES: number = HASH_AT + HASH_BYTES;
/** The longest payload that is read. */
export const MAX_PAYLOAD_BYTES: number = MAX_RECORD_BYTES - HEADER_BYTES;
/** CRC-32C, reflected. */
const CASTAGNOLI = 0x82f63b78;

/** What the CRC of a record is computed over: the hash and the payload, or the payload alone. */
export type Coverage = "BLAKE3 and payload" | "payload alone";

/** What of a record's checksums is right. */
export interface Sums {
  readonly coverage: Coverage | undefined;
  readonly isHashRight: boolean;
}

/** Where each coverage begins in a record. */
export const COVERED_FROM: Readonly<Record<Coverage, number>> = {
  "BLAKE3 and payload": HASH_AT,
  "payload alone": HEADER_BYTES,
};

/** The checksums of records; the CRC is tried first over what it was over last. */
export class RecordSums {
  readonly #crc: IHasher;
  readonly #blake3: IHasher;
  #tried: readonly Coverage[] = ["BLAKE3 and payload", "payload alone"];

  private constructor(crc: IHasher, hash: IHasher) {
    this.#crc = crc;
    this.#blake3 = hash;
  }

  static async create(): Promise<RecordSums> {
    return new RecordSums(await createCRC32(CASTAGNOLI), await createBLAKE3());
  }

  /** Of a record with its header, which is whole. */
  of(record: Uint8Array): Sums {
    const coverage = this.#tried.find((one) => this.#isCrcOver(record, COVERED_FROM[one]));
    if (coverage !== undefined && coverage !== this.#tried[0]) {
      this.#tried = this.#tried.toReversed();
    }
    return { coverage, isHashRight: this.isHashOf(record) };
  }

  /** Whether the stated hash is that of the bytes behind the header. */
  isHashOf(record: Uint8Array): boolean {
    const hash = this.#blake3.init().update(record.subarray(HEADER_BYTES)).digest("binary");
    return equalBytes(hash, record.subarray(HASH_AT, HEADER_BYTES));
  }

  #isCrcOver(record: Uint8Array, from: number): boolean {
    const crc = this.#crc.init().update(record.subarray(from)).digest("binary");
    for (let n = 0; n < 4; n++) if (record[LENGTH_BYTES + n] !== crc[3 - n]) return false;
    return true;
  }
}
