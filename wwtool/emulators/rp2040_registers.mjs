// The registers of an emulated RP2040 as strict as silicon is at its worst: what a program may not do with one ends the run.
// The facts are those of rp2040_registers.yaml and rp2040_start.yaml. A subsystem's reset brings its registers back.
//
// SPDX-License-Identifier: Apache-2.0

const PERIPHERALS = 0x40000000;
const DPRAM = 0x50100000;
const DPRAM_END = 0x50101000;
const SIO = 0xd0000000;
const PPB = 0xe000e000;
const WATCHDOG = 0x40058;
const REASON = 0x40058008;
const CHIP_RESET = 0x40064008;

const hex = (value) => (value >>> 0).toString(16);

export class Registers {
  constructor(mcu, fail, facts) {
    this.mcu = mcu;
    this.failAt = (what) => fail(`${what} (PC ${hex(mcu.core.PC)})`);
    this.table = new Map();
    for (const register of facts.registers) {
      for (let i = 0; i < register.count; i++) {
        this.table.set(register.at + i * register.stride, register);
      }
    }
    this.start = facts.start;
    this.chipReset = 0;
    this.raw = new Map(); // how a peripheral is used past the rules
    this.wrapPeripherals();
    this.wrapCore(mcu.sio, SIO);
    this.wrapCore(mcu.ppb, PPB);
    this.wrapNarrow();
    mcu.peripherals[CHIP_RESET >>> 12].readUint32 = () => this.chipReset;
  }

  // Gives registers the values that a loader leaves.
  leave(state) {
    for (const { at, count, stride, value } of this.start[state]) {
      for (let i = 0; i < count; i++) {
        this.poke(at + i * stride, value);
      }
    }
  }

  poke(at, value) {
    const { mcu } = this;
    if (at === REASON) {
      mcu.peripherals[WATCHDOG].reason = value;
    } else if (at === CHIP_RESET) {
      this.chipReset = value;
    } else if (at >= DPRAM && at < DPRAM_END) {
      mcu.usbDPRAMView.setUint32(at - DPRAM, value, true);
    } else {
      this.raw.get((at >>> 14) << 2)(at & 0x3fff, value);
    }
  }

  // A subsystem goes into reset.
  resetBlock(block) {
    const { mcu } = this;
    for (const [at, register] of this.table) {
      if (register.block === block && register.writes && !register.acts && block !== 'DMA') {
        this.poke(at, register.reset);
      }
    }
    if (block === 'DMA') {
      for (const channel of mcu.dma.channels) {
        channel.abort();
        channel.ctrl = 0;
        channel.writeUint32(0x10, 0);
      }
      Object.assign(mcu.dma, { intRaw: 0, intEnable0: 0, intEnable1: 0 });
      mcu.dma.checkInterrupts();
    } else if (block === 'USBCTRL') {
      Object.assign(mcu.usbCtrl, { sieStatus: 0, buffStatus: 0, intRaw: 0, intEnable: 0, epAbortDone: 0 });
      mcu.usbCtrl.checkInterrupts();
    } else if (block === 'ADC') {
      while (!mcu.adc.fifo.empty) {
        mcu.adc.fifo.pull();
      }
    } else if (block === 'UART0') {
      while (!mcu.uart[0].rxFIFO.empty) {
        mcu.uart[0].rxFIFO.pull();
      }
    }
  }

  checkRead(at) {
    const register = this.table.get(at);
    if (!register) {
      this.failAt(`register ${hex(at)} is read, which the program has no business with`);
    } else if (register.wo) {
      this.failAt(`${register.name} is read, which can only be written`);
    }
  }

  checkWrite(at, value) {
    const register = this.table.get(at);
    if (!register) {
      this.failAt(`register ${hex(at)} is written, which the program has no business with`);
      return;
    }
    const wrong = (value & ~(register.writes | register.clears)) >>> 0;
    if (wrong) {
      this.failAt(`${register.name} is written with ${hex(value)}, whose bits ${hex(wrong)} are reserved or read-only`);
    }
  }

  wrapPeripherals() {
    for (const [key, peripheral] of Object.entries(this.mcu.peripherals)) {
      const base = Number(key) * 0x1000;
      const read = peripheral.readUint32.bind(peripheral);
      const write = peripheral.writeUint32Atomic.bind(peripheral);
      let within = false; // setting or clearing bits reads the register, but the program does not
      this.raw.set(Number(key), (offset, value) => {
        peripheral.rawWriteValue = value;
        peripheral.writeUint32(offset, value);
      });
      peripheral.readUint32 = (offset) => {
        if (!within) {
          this.checkRead(base + (offset & 0xfff));
        }
        return read(offset);
      };
      peripheral.writeUint32Atomic = (offset, value, kind) => {
        this.checkWrite(base + offset, value);
        within = true;
        write(offset, value, kind);
        within = false;
      };
    }
  }

  wrapCore(part, base) {
    const read = part.readUint32.bind(part);
    const write = part.writeUint32.bind(part);
    part.readUint32 = (offset) => {
      this.checkRead(base + offset);
      return read(offset);
    };
    part.writeUint32 = (offset, value) => {
      this.checkWrite(base + offset, value);
      write(offset, value);
    };
  }

  // A byte or half-word written to a peripheral arrives in every byte of its register (2.1.4).
  wrapNarrow() {
    const { mcu } = this;
    for (const method of ['writeUint8', 'writeUint16']) {
      const write = mcu[method].bind(mcu);
      mcu[method] = (address, value) => {
        const at = address >>> 0;
        if (at >= PERIPHERALS && (at < DPRAM || at >= DPRAM_END)) {
          this.failAt(`a part of register ${hex(at)} is written, which fills all of it`);
        }
        write(address, value);
      };
    }
  }
}
