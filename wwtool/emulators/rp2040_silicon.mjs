// The parts of an RP2040 that rp2040js lacks: resets, and all that works on silicon only after the program has set it up. Every check names its section of the RP2040 datasheet.
//
// SPDX-License-Identifier: Apache-2.0

import { BootRom } from './rp2040_boot_rom.mjs';
import { Registers } from './rp2040_registers.mjs';
import { Ssi, isInFlash } from './rp2040_ssi.mjs';
import { Waits } from './rp2040_waits.mjs';


const RESETS = 0x4000c; // peripherals are keyed by the upper bits of their address, as in rp2040js
const SYSINFO = 0x40000;
const CHIP = 0x2927; // part and manufacturer, 2.20
const WATCHDOG = 0x40058;
const PSM = 0x40010;
const WDSEL_ALL_BUT_OSCILLATORS = 0x1fffc;
const WATCHDOG_REASON = 0x40058008;
const WATCHDOG_TICK = 0x2c;

// Subsystems by their bit in RESETS_RESET (2.14.3), and where they are.
const SUBSYSTEMS = [
  { name: 'ADC', bit: 0, key: 0x4004c },
  { name: 'DMA', bit: 2, key: 0x50000 },
  { name: 'IO_BANK0', bit: 5, key: 0x40014 },
  { name: 'PADS_BANK0', bit: 8, key: 0x4001c },
  { name: 'PADS_QSPI', bit: 9, key: 0x40020 },
  { name: 'PLL_SYS', bit: 12, key: 0x40028 },
  { name: 'PLL_USB', bit: 13, key: 0x4002c },
  { name: 'SYSINFO', bit: 19, key: 0x40000 },
  { name: 'TIMER', bit: 21, key: 0x40054 },
  { name: 'UART0', bit: 22, key: 0x40034 },
  { name: 'USBCTRL', bit: 24, key: 0x50110 },
];
const ALL_RESETS = 0x1ffffff;

const PIN_TX = 0;
const PIN_RX = 1;
const PIN_LED = 25;
const PIN_MICROPHONE = 26;
const FUNCTION_UART = 2; // 2.19.2
const FUNCTION_NULL = 31;
const PAD_PULLS = 0x0c; // 2.19.6.3
const CLOCK_ENABLE = 1 << 11; // 2.15.7
const TREQ_TIMER0 = 0x3b;
const USB_HZ = 48e6;
const USB_PHY_DIRECT = 0x7c;
const USB_PHY_DIRECT_OVERRIDE = 0x80;
const USB_BUFFERS = 0x80; // control words of buffers, in its memory
const USB_BUFFERS_END = 0x100;
const BUFFER_AVAILABLE = 1 << 10;
const BUFFER_STALL = 1 << 11;
const ADC_HZ = 48e6;
const BOOT_BAUD = 115200;
const MAX_BAUD_ERROR = 0.02;
const STANDARD_BAUDS = [9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1000000, 1500000, 2000000, 3000000];

const ROM_TABLE = 0x100; // the address of the replaced boot ROM's table and of its one function
const ROM_LOOKUP = 0x200;
const BREAK_BOOTSEL = 0xb0;

export class Silicon {
  // facts: of registers (rp2040_facts.py); late: of Waits; revision: of the chip, 1 is B0 or B1, 2 is B2. restart: what to
  // do when the watchdog resets the chip; null ends the run. ledTimes gets simulated seconds. flash: a Flash.
  constructor(mcu, { fail, facts, late, revision, restart, ledTimes, flash }) {
    this.mcu = mcu;
    this.flash = flash;
    this.fail = fail;
    this.restart = restart;
    this.ledTimes = ledTimes;
    this.firstByte = true;
    this.uartSetting = '';
    this.microphoneChecked = false;
    this.failOnAnyLog();
    mcu.peripherals[SYSINFO].readUint32 = () => ((revision << 28) | CHIP) >>> 0;
    this.ignorePhy();
    const { dma } = mcu;
    dma.getTimer = (treq) =>
      treq === TREQ_TIMER0 ? ((dma.timer0 & 0xffff) / (dma.timer0 >>> 16) / mcu.clkSys) * 1e6 : 0; // 2.5.7
    this.modelWatchdog();
    this.waits = new Waits(mcu, (what) => this.registers.failAt(what), late);
    this.modelResets();
    this.ssi = new Ssi(mcu, flash, fail);
    this.registers = new Registers(mcu, fail, facts);
    this.standInForRom();
    mcu.gpio[PIN_LED].addListener((state, old) => this.ledChanged(state, old));
  }

  // rp2040js reports a bad access and goes on; a chip faults.
  failOnAnyLog() {
    const complain = (component, message) =>
      this.fail(`${component}: ${message} (PC ${this.mcu.core.PC.toString(16)})`);
    this.mcu.logger = { debug() {}, info() {}, warn: complain, error: complain };
    console.warn = (...words) => complain('SIO', words.join(' '));
    console.error = console.warn;
  }

  // After power-on every subsystem is in reset, and an access to it then hangs or is lost (2.14).
  modelResets() {
    const { mcu, waits } = this;
    const resets = mcu.peripherals[RESETS];
    let inReset = ALL_RESETS;
    let settling = 0;
    const used = () => inReset | (waits.isReady('reset') ? 0 : settling);
    Object.defineProperty(resets, 'reset_done', { get: () => ~used() & ALL_RESETS });
    Object.defineProperty(resets, 'reset', {
      get: () => inReset,
      set: (value) => {
        const into = SUBSYSTEMS.filter(({ bit }) => value & ~inReset & (1 << bit));
        settling = (used() & ~inReset) | (inReset & ~value);
        inReset = value;
        waits.begin('reset');
        for (const { name } of into) {
          if (name.startsWith('PLL')) {
            waits.losePll(name.toLowerCase());
          }
          this.registers.resetBlock(name);
        }
      },
    });
    for (const { name, bit, key } of SUBSYSTEMS) {
      const block = mcu.peripherals[key];
      for (const method of ['readUint32', 'writeUint32Atomic']) {
        const original = block[method].bind(block);
        block[method] = (...args) => {
          if (used() & (1 << bit)) {
            this.registers.failAt(`${name} is used while in reset`);
          }
          return original(...args);
        };
      }
    }
  }

  // What drives the bus's wires directly has no model.
  ignorePhy() {
    const { usbCtrl } = this.mcu;
    const write = usbCtrl.writeUint32.bind(usbCtrl);
    usbCtrl.writeUint32 = (offset, value) => {
      if (offset !== USB_PHY_DIRECT && offset !== USB_PHY_DIRECT_OVERRIDE) {
        write(offset, value);
      }
    };
  }

  modelWatchdog() {
    const watchdog = this.mcu.peripherals[WATCHDOG];
    const write = watchdog.writeUint32.bind(watchdog);
    watchdog.writeUint32 = (offset, value) => {
      if (offset === WATCHDOG_TICK && (value & 0x1ff) !== this.mcu.xoscFreq / 1e6) {
        this.fail(`the 1 MHz tick is divided by ${value & 0x1ff}`); // 4.7.2
      }
      write(offset, value);
    };
    watchdog.onWatchdogTrigger = () => {
      if (!this.restart) {
        this.fail(`the watchdog reset the chip (PC ${this.mcu.core.PC.toString(16)})`);
        return;
      }
      if ((this.mcu.peripherals[PSM].wdsel & WDSEL_ALL_BUT_OSCILLATORS) !== WDSEL_ALL_BUT_OSCILLATORS) {
        this.fail('the watchdog resets only a part of the chip (PSM_WDSEL)'); // 2.13.5
      }
      watchdog.alarm.enable = false; // it would go off again and again
      watchdog.timer.enable = false;
      this.restart();
    };
  }

  // Enough of a boot ROM for rom_table_lookup (2.8.3). Its one function ends the run, as the reboot on silicon does.
  standInForRom() {
    const { bootrom } = this.mcu;
    bootrom[0x14 / 4] = ROM_TABLE;
    bootrom[0x18 / 4] = ROM_LOOKUP | 1;
    bootrom[ROM_LOOKUP / 4] = 0xbe00be00 | BREAK_BOOTSEL | (BREAK_BOOTSEL << 16);
  }

  breakReason(code, pc) {
    return code === BREAK_BOOTSEL ? 'the program rebooted into BOOTSEL' : `BKPT ${code} at ${pc.toString(16)}`;
  }

  ledChanged(state, old) {
    const HIGH = 1; // GPIOPinState.High
    if (state === HIGH && old !== HIGH) {
      this.ledTimes.push(this.mcu.clock.nanos / 1e9);
    }
  }

  // Starts the chip. image: what the flash holds; null keeps it erased. file: a UF2 file that its boot ROM gets first.
  // state: in which it is then, one of rp2040_start.yaml; null: as the ROM leaves it. old: the chip before its watchdog.
  boot({ image, file, state, old }) {
    const { mcu, registers } = this;
    const watchdog = mcu.peripherals[WATCHDOG];
    const rom = new BootRom(mcu, this.fail);
    mcu.sram.fill(0xa5); // SRAM is not cleared
    if (image) {
      mcu.flash.set(image, 0);
    }
    let entry = null;
    if (old) {
      mcu.sram.set(old.sram);
      mcu.flash.set(old.flash);
      watchdog.scratchData.set(old.peripherals[WATCHDOG].scratchData);
      registers.poke(WATCHDOG_REASON, old.peripherals[WATCHDOG].reason);
    } else if (file) {
      entry = rom.takeUf2(file);
    }
    registers.leave(state ?? (old ? 'watchdog' : !file ? 'flash' : entry ? 'ram' : 'uf2'));
    this.waits.settle();
    mcu.updateClocks();
    this.flash.endContinuousRead();
    if (entry) {
      rom.startFromRam(entry);
      this.forbidFlash();
    } else {
      rom.startFromFlash();
    }
  }

  // Nobody has set up the flash interface for a program that starts in RAM.
  forbidFlash() {
    const { mcu } = this;
    for (const method of ['readUint32', 'readUint16', 'readUint8']) {
      const read = mcu[method].bind(mcu);
      mcu[method] = (address) => {
        if (isInFlash(address)) {
          this.fail(`the flash is read at ${address.toString(16)}, which is not set up (PC ${mcu.core.PC.toString(16)})`);
        }
        return read(address);
      };
    }
  }

  checkUart() {
    const { mcu } = this;
    const uart = mcu.uart[0];
    const setting = `${uart.baudDivider} ${uart.lineCtrlRegister} ${uart.ctrlRegister} ${mcu.clkPeri}`;
    if (setting === this.uartSetting) {
      return;
    }
    this.uartSetting = setting;
    if (mcu.gpio[PIN_TX].functionSelect !== FUNCTION_UART || mcu.gpio[PIN_RX].functionSelect !== FUNCTION_UART) {
      this.fail('GP0 and GP1 are not given to UART0');
    } else if (!uart.enabled || !uart.txEnabled || !uart.rxEnabled || !uart.fifosEnabled || uart.wordLength !== 8) {
      this.fail('UART0 is not enabled for 8-bit characters both ways with FIFOs');
    } else if (!mcu.clocks.periFreq) {
      this.fail('UART0 has no clock (clk_peri)');
    } else {
      const near = (baud) => Math.abs(uart.baudRate / baud - 1) < MAX_BAUD_ERROR;
      if (this.firstByte ? !near(BOOT_BAUD) : !STANDARD_BAUDS.some(near)) {
        this.fail(`UART0 runs at ${uart.baudRate} baud`);
      }
    }
    this.firstByte = false;
  }

  checkUsb() {
    const { mcu } = this;
    if (!(mcu.clocks.usbCtrl & CLOCK_ENABLE) || mcu.pllUsb.frequency !== USB_HZ) {
      this.fail('USB is enabled without its 48 MHz clock');
    }
    for (let at = USB_BUFFERS; at < USB_BUFFERS_END; at += 4) {
      if (mcu.usbDPRAMView.getUint32(at, true) & (BUFFER_AVAILABLE | BUFFER_STALL)) {
        this.fail('USB is enabled while its memory still gives buffers of another program to the host'); // 4.1.2.5
      }
    }
  }

  checkMicrophone(channel) {
    if (this.microphoneChecked) {
      return;
    }
    this.microphoneChecked = true;
    const { mcu } = this;
    const pin = mcu.gpio[PIN_MICROPHONE];
    if (channel !== 0) {
      this.fail(`the ADC samples input ${channel}, the microphone is on input 0`);
    } else if (pin.functionSelect !== FUNCTION_NULL || pin.padValue & PAD_PULLS || pin.inputEnable) {
      this.fail('GP26 still has a digital function, input or pull'); // 4.9.1
    } else if (!(mcu.clocks.adcCtrl & CLOCK_ENABLE) || mcu.pllUsb.frequency !== ADC_HZ) {
      this.fail('the ADC runs without its 48 MHz clock');
    }
  }
}
