// The SSI of an emulated RP2040 with the flash behind it (RP2040 datasheet 4.10): transfers that a program starts by hand,
// and the reads of the flash in place that follow from the registers.
//
// Where the registers have changed, the next read in place is checked, and those that follow it cost nothing.
//
// SPDX-License-Identifier: Apache-2.0

const SSI = 0x18000;
const [CTRLR0, CTRLR1, SSIENR, BAUDR, SR, DR0] = [0x00, 0x04, 0x08, 0x14, 0x28, 0x60];
const [RX_SAMPLE_DLY, SPI_CTRLR0] = [0xf0, 0xf4];
const SET_UP_WHILE_OFF = [CTRLR0, CTRLR1, BAUDR, RX_SAMPLE_DLY, SPI_CTRLR0];
const [SR_BUSY, SR_TX_NOT_FULL, SR_TX_EMPTY, SR_RX_NOT_EMPTY] = [1, 2, 4, 8];
const EEPROM_READ = 3; // TMOD: send, then receive
const ONE_FRAME = 31; // DFS_32: a read in place takes a word
const INSTRUCTION_BITS = [0, 4, 8, 16]; // INST_L

const PAD_SCHMITT = 2; // 2.19.6.4
const METHODS = { readUint32: 0xffffffff, readUint16: 0xffff, readUint8: 0xff }; // and what a deaf part answers

// In one of the four views of the flash, with and without cache (2.6.3).
export const isInFlash = (address) => address >>> 26 === 0x10000000 >>> 26;

export class Ssi {
  constructor(mcu, flash, fail) {
    this.mcu = mcu;
    this.flash = flash;
    this.fail = (what) => fail(`${what} (PC ${mcu.core.PC.toString(16)})`);
    this.sent = []; // of the transfer that is going on: frames of {bits, value}
    this.received = [];
    this.endsAt = 0; // in cycles of the core
    this.watching = null; // the methods of mcu that are replaced while a read is to be checked
    flash.attach(() => mcu.core.cycles);
    const ssi = mcu.peripherals[SSI];
    this.ssi = ssi;
    const read = ssi.readUint32.bind(ssi);
    const write = ssi.writeUint32.bind(ssi);
    ssi.readUint32 = (offset) => (offset === SR ? this.status() : offset === DR0 ? this.receive() : read(offset));
    ssi.writeUint32 = (offset, value) => {
      if (offset === DR0) {
        this.send(value);
        return;
      }
      if (offset === SSIENR && !(value & 1)) {
        this.switchOff();
      } else if (SET_UP_WHILE_OFF.includes(offset) && ssi.ssienr) {
        this.fail('the SSI is set up while it is on'); // 4.10.13
      }
      this.watch();
      write(offset, value);
    };
  }

  get isOn() {
    const { ssi } = this;
    return ssi.ssienr === 1 && ssi.baudr >= 2 && ssi.baudr % 2 === 0;
  }

  // The fields of its registers (4.10.13).
  get fields() {
    const { crtlr0, spictlr0 } = this.ssi;
    const lines = 1 << ((crtlr0 >>> 21) & 3);
    return {
      lines,
      frame: (crtlr0 >>> 16) & 31,
      mode: (crtlr0 >>> 8) & 3,
      instructionBits: lines === 1 ? 8 : INSTRUCTION_BITS[(spictlr0 >>> 8) & 3],
      wide: spictlr0 & 3,
      bits: 4 * ((spictlr0 >>> 2) & 15),
      waits: (spictlr0 >>> 11) & 31,
      command: spictlr0 >>> 24,
    };
  }

  get isBusy() {
    return this.mcu.core.cycles < this.endsAt;
  }

  // The chip select goes back when nothing is left to send.
  finish() {
    if (this.sent.length === 0 || this.isBusy) {
      return;
    }
    const frames = this.sent;
    this.sent = [];
    if (this.fields.mode === EEPROM_READ) {
      const [instruction, address] = frames;
      this.read(instruction.value, address.value);
      this.received.push(0);
      return;
    }
    const bytes = frames.flatMap(({ bits, value }) => {
      const count = bits / 8;
      return Array.from({ length: count }, (_, i) => (value >>> (8 * (count - 1 - i))) & 0xff);
    });
    const answers = this.flash.exchange(bytes);
    for (const { bits } of frames) {
      this.received.push(answers.splice(0, bits / 8).reduce((word, byte) => (word << 8) | byte, 0) >>> 0);
    }
  }

  send(value) {
    this.finish();
    if (!this.isOn) {
      this.fail('something is sent to the flash while the SSI is off or has no divider');
    }
    const { frame, mode, bits, waits, lines } = this.fields;
    if (mode === EEPROM_READ) {
      this.sent.push({ value });
      const clocks = 8 + bits / lines + waits + (frame + 1) / lines;
      this.endsAt = this.sent.length < 2 ? Infinity : this.mcu.core.cycles + clocks * this.ssi.baudr;
      return;
    }
    if (mode !== 0 || lines !== 1 || (frame + 1) % 8 !== 0) {
      this.fail('a command is sent to the flash in frames that are not whole bytes on one line, both ways');
    }
    this.sent.push({ bits: frame + 1, value });
    this.endsAt = Math.max(this.endsAt, this.mcu.core.cycles) + (frame + 1) * this.ssi.baudr;
  }

  status() {
    this.finish();
    const sending = this.isBusy ? SR_BUSY : SR_TX_EMPTY;
    return sending | SR_TX_NOT_FULL | (this.received.length > 0 ? SR_RX_NOT_EMPTY : 0);
  }

  receive() {
    this.finish();
    if (this.received.length === 0) {
      this.fail('the answer of the flash is read before it has come');
    }
    return this.received.shift();
  }

  switchOff() {
    if (this.isBusy) {
      this.fail('the SSI is switched off in the middle of a transfer');
    }
    this.finish();
    this.received = [];
  }

  // With an instruction, or with null for a read that has none.
  read(instruction, value) {
    const { lines, wide, bits, waits } = this.fields;
    const addressLines = wide ? lines : 1;
    return this.flash.read({ instruction, addressLines, lines, bits, waits, value, divider: this.ssi.baudr });
  }

  // Checks the next read in place.
  watch() {
    if (this.watching) {
      return;
    }
    const { mcu } = this;
    this.watching = Object.keys(METHODS).map((method) => [method, mcu[method]]);
    for (const [method, original] of this.watching) {
      mcu[method] = (address) => {
        if (!isInFlash(address)) {
          return original.call(mcu, address);
        }
        if (!this.readInPlace()) {
          return METHODS[method];
        }
        for (const [name, before] of this.watching) {
          mcu[name] = before;
        }
        this.watching = null;
        return original.call(mcu, address);
      };
    }
  }

  // False: a part that does not know this read.
  readInPlace() {
    const { ssi } = this;
    this.finish();
    const { frame, mode, instructionBits, command, wide, lines } = this.fields;
    if (!this.isOn || ssi.spictlr0 === 0 || ssi.crtlr0 === 0) {
      this.fail('boot2 leaves the flash unreadable (SSI not enabled, or no divider or command)'); // 4.10.13
    }
    if (this.isBusy || mode !== EEPROM_READ || frame !== ONE_FRAME || ssi.crtlr1 !== 0) {
      this.fail('the flash is read in place while the SSI is set up for something else'); // 4.10.5
    }
    if (instructionBits === 0 && wide !== 2 && lines > 1) {
      this.fail('the flash is read without an instruction, but its address on one line');
    }
    if (instructionBits !== 0 && instructionBits !== 8) {
      this.fail(`the flash is read with an instruction of ${instructionBits} bits`);
    }
    const slow = this.mcu.qspi.slice(1, 1 + Math.max(lines, 2)).findIndex((pin) => pin.padValue & PAD_SCHMITT);
    if (slow >= 0) {
      this.fail(`the flash is read through pad SD${slow}, which still has its hysteresis`);
    }
    // The command is sent as the instruction, or behind the address; and the second read must do as well as the first.
    const [instruction, value] = instructionBits ? [command, 0] : [null, command];
    return this.read(instruction, value) && this.read(instruction, value);
  }
}
