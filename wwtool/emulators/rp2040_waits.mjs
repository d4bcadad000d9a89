// What an emulated RP2040 needs time for, and what a program may not use before: oscillator, PLLs, clock multiplexers,
// subsystems that leave reset, ADC. rp2040js has all of it ready at once. Section numbers are those of the datasheet.
//
// SPDX-License-Identifier: Apache-2.0

// Nanoseconds, by the name of what is waited for. The chip's own are at most these.
const USUAL_NS = {
  crystal: 1e6, // 2.16.3: what the program asks for
  pll_sys: 100e3, // 2.18.2: the SDK has seen less
  pll_usb: 100e3,
  clk_ref: 2e3, // 2.15.3.2: some periods of both clocks, of which the ring oscillator is the slowest
  clk_sys: 2e3,
  reset: 1e3, // 2.14.2
  adc: 5e3, // 4.9.2
  abort: 1e3, // 4.1.2.5.1
  uart_room: 0, // the time that bytes take to leave is not modelled
  uart_idle: 0,
};
export const WAITS = Object.keys(USUAL_NS);

const ENABLE = 0xfab; // of XOSC_CTRL
const LOCK = 0x80000000;
const PLL_OFF = 0x21; // VCOPD and PD
const POSTDIV_OFF = 0x08;
const FROM_CRYSTAL = 2; // of CLK_REF_CTRL
const FROM_AUX = 1; // of CLK_SYS_CTRL; auxiliary source 0 is PLL_SYS
const ADC_EN = 1;
const ADC_START = 0x0c;
const ADC_READY = 0x100;
const UART_BUSY = 0x08;
const UART_FULL = 0x20;
const ABORT_DONE = 0x64;
const XOSC = 0x40024;
const PLLS = { 0x40028: 'pll_sys', 0x4002c: 'pll_usb' };
const CLOCKS = 0x40008;
const ADC = 0x4004c;
const UART0 = 0x40034;
const USB = 0x50110;

export class Waits {
  // late: nanoseconds for some of the names; Infinity is never.
  constructor(mcu, failAt, late) {
    this.mcu = mcu;
    this.failAt = (what) => this.settled && failAt(what);
    this.settled = false; // what a loader has done is right
    this.times = { ...USUAL_NS, ...late };
    this.since = {};
    this.modelCrystal();
    Object.entries(PLLS).forEach(([key, name]) => this.modelPll(mcu.peripherals[key], name));
    this.modelMultiplexers();
    this.modelAdc();
    this.modelUart();
    this.modelAbort();
  }

  begin(name) {
    this.since[name] = this.mcu.clock.nanos;
  }

  end(name) {
    delete this.since[name];
  }

  // Whether it has begun, and its time is over.
  isReady(name) {
    return name in this.since && this.mcu.clock.nanos - this.since[name] >= this.times[name];
  }

  // What a loader has left running is ready.
  settle() {
    for (const name of ['crystal', 'pll_sys', 'pll_usb', 'reset']) {
      if (name in this.since) {
        this.since[name] = -Infinity;
      }
    }
    this.settled = true;
    const { clocks } = this.mcu;
    this.selected = { clk_ref: clocks.refCtrl & 3, clk_sys: clocks.sysCtrl & 1 };
  }

  modelCrystal() {
    const xosc = this.mcu.peripherals[XOSC];
    const write = xosc.writeUint32.bind(xosc);
    xosc.writeUint32 = (offset, value) => {
      write(offset, value);
      if (offset === 0 && value >>> 12 === ENABLE && !('crystal' in this.since)) {
        this.begin('crystal');
      }
      xosc.stable = this.isReady('crystal');
    };
    const read = xosc.readUint32.bind(xosc);
    xosc.readUint32 = (offset) => {
      xosc.stable = this.isReady('crystal');
      return read(offset);
    };
  }

  modelPll(pll, name) {
    const write = pll.writeUint32.bind(pll);
    const read = pll.readUint32.bind(pll);
    const [CS, PWR, FBDIV] = [0, 4, 8];
    pll.writeUint32 = (offset, value) => {
      const runs = !(pll.pwr & PLL_OFF);
      if (runs && (offset === CS || offset === FBDIV)) {
        this.failAt(`${name} is changed while it runs`); // 2.18.2
      }
      write(offset, value);
      if (offset !== PWR) {
        return;
      }
      if (value & PLL_OFF) {
        this.end(name);
      } else if (!runs) {
        if (!this.isReady('crystal')) {
          this.failAt(`${name} is started before its crystal is stable`);
        }
        this.begin(name);
      }
    };
    pll.readUint32 = (offset) => {
      const value = read(offset);
      return offset === CS && !this.isReady(name) ? (value & ~LOCK) >>> 0 : value;
    };
  }

  // A PLL goes into reset.
  losePll(name) {
    this.end(name);
    this.mcu[name === 'pll_sys' ? 'pllSys' : 'pllUsb'].pwr = PLL_OFF;
    if (name === 'pll_sys' && this.selectedOf('clk_sys') === FROM_AUX) {
      this.failAt('pll_sys is reset while clk_sys comes from it'); // 2.15.3.2
    }
  }

  // A multiplexer goes on with its old source for a while.
  selectedOf(name) {
    const { clocks } = this.mcu;
    if (this.isReady(name)) {
      this.selected[name] = name === 'clk_ref' ? clocks.refCtrl & 3 : clocks.sysCtrl & 1;
    }
    return this.selected[name];
  }

  modelMultiplexers() {
    const clocks = this.mcu.peripherals[CLOCKS];
    const write = clocks.writeUint32.bind(clocks);
    const read = clocks.readUint32.bind(clocks);
    const [REF_CTRL, REF_SELECTED, SYS_CTRL, SYS_SELECTED] = [0x30, 0x38, 0x3c, 0x44];
    this.selected = { clk_ref: 0, clk_sys: 0 };
    clocks.writeUint32 = (offset, value) => {
      if (offset === REF_CTRL) {
        this.selectedOf('clk_ref');
        this.begin('clk_ref');
        if ((value & 3) === FROM_CRYSTAL && !this.isReady('crystal')) {
          this.failAt('clk_ref is taken from the crystal before that is stable');
        }
      } else if (offset === SYS_CTRL) {
        this.selectedOf('clk_sys');
        this.begin('clk_sys');
        if (value & FROM_AUX && (!this.isReady('pll_sys') || this.mcu.pllSys.pwr & POSTDIV_OFF)) {
          this.failAt('clk_sys is taken from pll_sys before that has locked and has power');
        }
      }
      write(offset, value);
    };
    clocks.readUint32 = (offset) => {
      if (offset === REF_SELECTED) {
        return 1 << this.selectedOf('clk_ref');
      }
      return offset === SYS_SELECTED ? 1 << this.selectedOf('clk_sys') : read(offset);
    };
  }

  modelAdc() {
    const adc = this.mcu.peripherals[ADC];
    const write = adc.writeUint32.bind(adc);
    const read = adc.readUint32.bind(adc);
    adc.writeUint32 = (offset, value) => {
      if (offset === 0 && value & ADC_EN && !(adc.cs & ADC_EN)) {
        this.begin('adc');
      }
      if (offset === 0 && value & ADC_START && !this.isReady('adc')) {
        this.failAt('the ADC is started before it is ready'); // 4.9.2
      }
      write(offset, value);
    };
    adc.readUint32 = (offset) => {
      const value = read(offset);
      return offset === 0 && !this.isReady('adc') ? value & ~ADC_READY : value;
    };
  }

  modelUart() {
    const uart = this.mcu.peripherals[UART0];
    const write = uart.writeUint32.bind(uart);
    const read = uart.readUint32.bind(uart);
    uart.writeUint32 = (offset, value) => {
      if (offset === 0) {
        this.begin('uart_room');
        this.begin('uart_idle');
      }
      write(offset, value);
    };
    const waits = (name) => name in this.since && !this.isReady(name);
    uart.readUint32 = (offset) =>
      read(offset) |
      (offset === 0x18 && waits('uart_room') ? UART_FULL : 0) |
      (offset === 0x18 && waits('uart_idle') ? UART_BUSY : 0);
  }

  modelAbort() {
    const usb = this.mcu.peripherals[USB];
    const write = usb.writeUint32.bind(usb);
    const read = usb.readUint32.bind(usb);
    usb.writeUint32 = (offset, value) => {
      if (offset === 0x60 && value & ~usb.epAbort) {
        this.begin('abort');
      }
      write(offset, value);
    };
    usb.readUint32 = (offset) => (offset === ABORT_DONE && !this.isReady('abort') ? 0 : read(offset));
  }
}
