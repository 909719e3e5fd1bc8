export {
  openMemoryJournal,
  type MemoryJournal,
  type MemoryJournalOptions,
  type MemorySnapshot,
} from "./memory-journal.ts";
