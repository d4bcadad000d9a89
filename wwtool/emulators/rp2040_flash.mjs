// The flash beside an emulated RP2040, as far as a boot loader meets it: its status registers, its bit for quad reads, and
// in which way it can be read. It is as strict as the strictest part: what a part may ignore or misunderstand ends the run.
// Its content is not here, and programs do not write it. Sections are those of the W25Q16JV's datasheet.
//
// SPDX-License-Identifier: Apache-2.0

const BUSY = 1 << 0; // of status register 1 (7.1)
const QE = 1 << 1; // of status register 2

const [READ_STATUS_1, READ_STATUS_2, WRITE_STATUS_2] = [0x05, 0x35, 0x31];
const [ENABLE_WRITE, ENABLE_VOLATILE_WRITE, END_CONTINUOUS_READ] = [0x06, 0x50, 0xff];
const UNDRIVEN = 0xff; // what the SSI takes in while the flash drives no line; any value

// By instruction: lines for the address and for data, bits of the address and the mode, cycles to wait, and the least divider
// of 125 MHz: 33 MHz for 03h, 104 MHz for the others (8.2, 9.6).
const READS = {
  0x03: { addressLines: 1, lines: 1, bits: 24, waits: 0, divider: 4 },
  0x3b: { addressLines: 1, lines: 2, bits: 24, waits: 8, divider: 2 },
  0xeb: { addressLines: 4, lines: 4, bits: 32, waits: 4, divider: 2 },
};
const QUAD = 0xeb;

const hex = (byte) => byte.toString(16).padStart(2, '0');

// What a part is when it comes: its status register 2, which bits of that can be set, whether it knows EBh, and for how many
// cycles of the core it is busy after a write of its status.
export const PART = { status2: 0, settable: QE, quad_read: true, busy_cycles: 0 };

export class Flash {
  constructor(part, fail) {
    this.part = { ...PART, ...part };
    this.fail = fail;
    this.status2 = this.part.status2;
    this.enabledBy = 0; // the last command, if it enables a write
    this.continuous = false;
    this.busyUntil = 0;
    this.now = () => 0;
  }

  // The chip beside it starts. `now` tells the cycles of its core. The flash keeps its state, as it keeps its power.
  attach(now) {
    this.now = now;
    this.busyUntil = 0;
  }

  // What the boot ROM sends before it uses the flash ends a continuous read (RP2040 datasheet 2.8.1.2).
  endContinuousRead() {
    this.continuous = false;
  }

  get isBusy() {
    return this.now() < this.busyUntil;
  }

  // A transfer on one line each way, from chip select to chip select. Returns what the flash answers to each byte.
  exchange(bytes) {
    const command = bytes[0];
    const enabledBy = this.enabledBy;
    this.enabledBy = 0;
    if (this.continuous) {
      if (command !== END_CONTINUOUS_READ) {
        this.fail(`the flash gets command ${hex(command)} in the middle of a continuous read`);
      } else if (bytes.length > 1) {
        this.fail('the flash answers on a line that the SSI drives: 8 clocks end a continuous read'); // 8.2, FFh
      }
      this.continuous = false;
      return [UNDRIVEN];
    }
    if (this.isBusy && command !== READ_STATUS_1 && command !== READ_STATUS_2) {
      this.fail(`the flash gets command ${hex(command)} while it is busy`); // 7.1.1
    }
    const alone = () => {
      if (bytes.length !== 1) {
        this.fail(`command ${hex(command)} of the flash is followed by something`); // 8.2.1
      }
    };
    const answer = (value) => bytes.map((_, i) => (i === 0 ? UNDRIVEN : value));
    switch (command) {
      case END_CONTINUOUS_READ:
        alone();
        break;
      case READ_STATUS_1:
        return answer(this.isBusy ? BUSY : 0);
      case READ_STATUS_2:
        return answer(this.isBusy ? this.part.status2 : this.status2);
      case ENABLE_WRITE:
      case ENABLE_VOLATILE_WRITE:
        alone();
        this.enabledBy = command;
        break;
      case WRITE_STATUS_2:
        this.writeStatus2(bytes, enabledBy);
        break;
      default:
        this.fail(`the flash does not know command ${hex(command)}`);
    }
    return answer(UNDRIVEN);
  }

  writeStatus2(bytes, enabledBy) {
    if (enabledBy === ENABLE_WRITE) {
      this.fail('the status of the flash is written for good'); // 8.2.5
    } else if (enabledBy !== ENABLE_VOLATILE_WRITE) {
      this.fail('the status of the flash is written, but nothing has enabled that');
    }
    if (bytes.length !== 2) {
      this.fail(`the status of the flash is written with ${bytes.length - 1} bytes`);
    }
    const changes = (bytes[1] ^ this.status2) & ~QE;
    if (changes) {
      this.fail(`bits ${hex(changes)} of the flash's status are changed, some of which cannot be changed back`); // 7.1
    }
    this.status2 = (this.status2 & ~this.part.settable) | (bytes[1] & this.part.settable);
    this.busyUntil = this.now() + this.part.busy_cycles;
  }

  // A read that ends with data. `instruction` is null if none is sent; `value` has the address and the mode bits.
  // False: a part that does not know this read answers nothing.
  read({ instruction, addressLines, lines, bits, waits, value, divider }) {
    if (this.isBusy) {
      this.fail('the flash is read while it is busy');
    }
    if (!this.part.quad_read && (instruction === null || instruction === QUAD)) {
      return false;
    }
    if (this.continuous && instruction !== null) {
      this.fail(`instruction ${hex(instruction)} is sent to a flash in continuous read, which takes it for an address`);
    } else if (!this.continuous && instruction === null) {
      this.fail('the flash is read without an instruction, but is not in continuous read');
    }
    const command = instruction ?? QUAD;
    const known = READS[command];
    if (
      !known ||
      known.addressLines !== addressLines ||
      known.lines !== lines ||
      known.bits !== bits ||
      known.waits !== waits ||
      divider < known.divider
    ) {
      this.fail(`the flash does not answer to command ${command.toString(16)} as boot2 sends it`); // 8.2
    }
    if (command === QUAD) {
      if (!(this.status2 & QE)) {
        this.fail('the flash is read on four lines, but its bit QE is 0'); // 7.1.8
      }
      this.continuous = ((value >>> 4) & 3) === 2; // mode bits M5 and M4
    }
    return true;
  }
}
