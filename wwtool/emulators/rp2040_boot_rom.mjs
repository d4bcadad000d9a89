// The work of an emulated RP2040's mask ROM (RP2040 datasheet 2.8, and the ROM's published source): it starts a program
// from flash through its boot2, takes UF2 files over USB, and starts what its watchdog vector names.
//
// SPDX-License-Identifier: Apache-2.0

const BOOT2_BYTES = 256;
const SRAM = 0x20000000;
const SRAM_END = 0x20042000;
const XIP_SRAM = 0x15000000;
const XIP_SRAM_END = 0x15004000;
const FLASH = 0x10000000;
const BOOT2_ADDRESS = SRAM_END - BOOT2_BYTES; // 2.8.1
const ROM_STACK = BOOT2_ADDRESS - 64; // the ROM's stack begins below boot2; what its functions have on it then
const BOOT2_MAX_INSTRUCTIONS = 1_000_000; // it may wait for the flash

const WATCHDOG = 0x40058;
const REASON_TIMER = 1;
const VECTOR_MAGIC = 0xb007c0d3; // 2.8.1.1; the vector is in the scratch registers 4 to 7

const UF2_BLOCK = 512;
const UF2_PAYLOAD = 256;
const UF2_MAGICS = [0x0a324655, 0x9e5d5157, 0x0ab16f30];
const UF2_NOT_MAIN_FLASH = 1;
const UF2_HAS_FAMILY = 0x2000;
const RP2040_FAMILY = 0xe48bff56;
const MOST_RAM_BLOCKS = 1280;

// CRC-32 of the mask ROM: polynomial 04c11db7, init ffffffff, not reflected, no final exclusive-or (2.8.1.3.1).
export function boot2Crc(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
    }
  }
  return crc >>> 0;
}

// Both ends count: the ROM's own test is as generous.
const isRam = (address) =>
  (address >= SRAM && address <= SRAM_END) || (address >= XIP_SRAM && address <= XIP_SRAM_END);
const isFlash = (address) => address >= FLASH && address <= SRAM;

// The blocks of a UF2 file that the ROM takes, from its drive. Those of another kind are ignored, as on silicon. Null if
// the file is not complete then, and the board goes on waiting.
function takenBlocks(file) {
  const taken = new Map();
  let total = 0;
  let ram = false;
  for (let at = 0; at + UF2_BLOCK <= file.length; at += UF2_BLOCK) {
    const word = (offset) => file.readUInt32LE(at + offset);
    const magics = [word(0), word(4), word(UF2_BLOCK - 4)];
    const [flags, address, size, number, count, family] = [8, 12, 16, 20, 24, 28].map(word);
    const known = magics.every((magic, i) => magic === UF2_MAGICS[i]);
    if (!known || !(flags & UF2_HAS_FAMILY) || flags & UF2_NOT_MAIN_FLASH || size !== UF2_PAYLOAD) {
      continue;
    }
    const last = address + UF2_PAYLOAD - 1;
    const inRam = isRam(address) && isRam(last);
    const inFlash = isFlash(address) && isFlash(last) && address % UF2_PAYLOAD === 0;
    if (family !== RP2040_FAMILY || count === 0 || (!inRam && !inFlash)) {
      continue;
    }
    if (count !== total) {
      taken.clear();
      total = count;
      ram = inRam;
    }
    if (inRam === ram && number < count && count <= (ram ? MOST_RAM_BLOCKS : Infinity)) {
      taken.set(number, { address, bytes: file.subarray(at + 32, at + 32 + UF2_PAYLOAD) });
    }
  }
  return total > 0 && taken.size === total ? { ram, blocks: [...taken.values()] } : null;
}

// Where the ROM enters a program in RAM: its lowest address, but one in SRAM before one in the cache's.
function entryOf(blocks) {
  const addresses = blocks.map((block) => block.address);
  const inSram = addresses.filter((address) => address >= SRAM);
  return Math.min(...(inSram.length > 0 ? inSram : addresses));
}

export class BootRom {
  constructor(mcu, fail) {
    this.mcu = mcu;
    this.fail = fail;
  }

  // Takes a UF2 file as its drive does. Returns where the program in it is entered if it is for RAM; null if not.
  takeUf2(file) {
    const { mcu } = this;
    const taken = takenBlocks(file);
    if (!taken) {
      this.fail('the boot ROM would go on waiting: the UF2 file is not complete, or not for it');
      return null;
    }
    for (const { address, bytes } of taken.blocks) {
      if (taken.ram) {
        mcu.sram.set(bytes, address - SRAM);
      } else {
        mcu.flash.set(bytes, address - FLASH);
      }
    }
    return taken.ram ? entryOf(taken.blocks) : null;
  }

  // By the vector in the watchdog's scratch registers, which it clears (2.8.1.1).
  startFromRam(entry) {
    const { mcu } = this;
    const vector = (entry | 1) >>> 0; // Thumb
    mcu.peripherals[WATCHDOG].reason = REASON_TIMER;
    mcu.peripherals[WATCHDOG].scratchData.set([0, (vector ^ -VECTOR_MAGIC) >>> 0, SRAM_END, vector], 4);
    mcu.core.SP = SRAM_END;
    mcu.core.LR = 1;
    mcu.core.PC = entry;
  }

  // By boot2.
  startFromFlash() {
    const { mcu } = this;
    const { core } = mcu;
    const boot2 = Buffer.from(mcu.flash.subarray(0, BOOT2_BYTES));
    if (boot2.readUInt32LE(BOOT2_BYTES - 4) !== boot2Crc(boot2.subarray(0, BOOT2_BYTES - 4))) {
      this.fail('the boot ROM finds no program in flash: wrong CRC of boot2');
      return;
    }
    mcu.sram.set(boot2, BOOT2_ADDRESS - SRAM);
    core.SP = ROM_STACK;
    core.LR = 0;
    core.PC = BOOT2_ADDRESS;
    for (let i = 0; core.PC < FLASH || core.PC >= FLASH + mcu.flash.length; i++) {
      if (i === BOOT2_MAX_INSTRUCTIONS) {
        this.fail('boot2 does not end');
        return;
      }
      core.executeInstruction();
    }
  }
}
