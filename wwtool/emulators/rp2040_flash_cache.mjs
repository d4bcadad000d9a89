// The RP2040's cache for flash, and how long the core waits for what it does not hold.
//
// RP2040 datasheet 2.6.3.1: 16 KiB, two ways, a hit takes a cycle; 2.6.3.2: 8 bytes a line. The datasheet does not say
// which of two lines gives way: here it is the one that was read longer ago. Nor does it say how much of a line a miss
// reads: here it is the word that was asked for, which makes reads in order wait longest.
//
// SPDX-License-Identifier: Apache-2.0

const FLASH = 0x10; // the highest byte of an address: cached reads that may enter the cache
const LINE_SHIFT = 3;
const SETS = (16 * 1024) / 8 / 2;
const WORDS = 2; // of a line
const NONE = -1;

export class FlashCache {
  // `wordCycles`: core cycles of a word that is not in the cache.
  constructor(mcu, wordCycles) {
    this.wordCycles = wordCycles;
    this.misses = 0;
    this.lines = new Int32Array(2 * SETS).fill(NONE); // two of each set, the one read last first
    this.words = new Uint8Array(2 * SETS); // a bit for each word of a line that is there
    for (const method of ['readUint32', 'readUint16', 'readUint8']) {
      const read = mcu[method].bind(mcu);
      mcu[method] = (address) => {
        if (address >>> 24 === FLASH) {
          this.read(address);
        }
        return read(address);
      };
    }
  }

  read(address) {
    const line = (address & 0xffffff) >>> LINE_SHIFT;
    const first = 2 * (line % SETS);
    const { lines, words } = this;
    if (lines[first] !== line) {
      const there = lines[first + 1] === line;
      const held = there ? words[first + 1] : 0;
      lines[first + 1] = lines[first];
      words[first + 1] = words[first];
      lines[first] = line;
      words[first] = held;
    }
    const word = 1 << ((address >>> 2) % WORDS);
    if (!(words[first] & word)) {
      words[first] |= word;
      this.misses++;
    }
  }

  // The cycles that the core has waited since the last call.
  takeWaits() {
    const waits = this.misses * this.wordCycles;
    this.misses = 0;
    return waits;
  }
}
