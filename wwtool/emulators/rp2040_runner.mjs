// Runs a Raspberry Pi Pico image in rp2040js, starting with the image's boot2, and bridges its console to TCP. A UF2 file
// goes to the boot ROM's drive of a board whose flash is erased.
//
//   node rp2040_runner.mjs --rp2040js DIR --facts FILE (--bin FILE | --uf2 FILE) [--tcp PORT] [--console uart|usb]
//        [--audio FILE] [--stats FILE] [--revision 1|2] [--restarts] [--start STATE] [--late JSON]
//        [--flash-word-cycles N] [--flash JSON] [--bad-ram ADDRESS]
//
// It is stricter than rp2040js: mistakes that fail on silicon and pass there (a peripheral still in reset, a pin without
// its function, a wrong baud rate, a bad address that is only logged) end the run with one reason.
//
// Standard output has one JSON object a line: {"event": "listening", "port": N}, "stats", "failed". Standard input
// takes the lines "stats" and, with the USB console, "touch": the host opens the port at 1200 baud and closes it, as
// flash tools do to ask for the boot loader. The end of standard input, or SIGTERM, ends the run. Exit status: 0 ended in
// order, 1 failed, 2 wrong usage.
//
// The watchdog's reset ends the run. With --restarts the chip starts again instead, with its boot2.
//
// With --flash-word-cycles the core waits so many cycles for each word of flash that its cache does not hold.
//
// Not modelled: the time bytes take to leave, analogue noise.
//
// SPDX-License-Identifier: Apache-2.0

import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import process from 'node:process';
import readline from 'node:readline';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { Flash } from './rp2040_flash.mjs';
import { FlashCache } from './rp2040_flash_cache.mjs';
import { Silicon } from './rp2040_silicon.mjs';
import { RudeBus } from './rp2040_usb.mjs';

const SLICE_INSTRUCTIONS = 100_000; // between two looks at the sockets
const QUEUE_HIGH = 1 << 16;
const QUEUE_LOW = 1 << 14;
const BANNER_BYTES = 4096; // kept for the first client
const BITS_PER_CHARACTER = 10; // 8N1
const BYTE_NS = (BITS_PER_CHARACTER * 1e9) / 115200; // as long as the program has not chosen a rate
const ADC_START_MANY = 1 << 3; // of its CS, 4.9.6
const ADC_CONVERSION_NS = 2000; // RP2040 datasheet 4.9: 96 cycles of 48 MHz
const SET_LINE_CODING = 0x20; // PSTN 1.20, 6.3.10
const MAX_IDLE_NS = 20e6;

function fail(reason) {
  emit({ event: 'failed', reason });
  finish(1);
}

function emit(object) {
  fs.writeSync(1, JSON.stringify(object) + '\n');
}

const { values: options } = parseArgs({
  options: {
    rp2040js: { type: 'string' },
    bin: { type: 'string' },
    uf2: { type: 'string' },
    tcp: { type: 'string', default: '0' },
    console: { type: 'string', default: 'uart' },
    audio: { type: 'string' },
    stats: { type: 'string' },
    restarts: { type: 'boolean', default: false },
    facts: { type: 'string' }, // of registers, JSON; see rp2040_facts.py
    start: { type: 'string' }, // one of the states in which a program can start
    late: { type: 'string', default: '{}' }, // JSON: nanoseconds by what is waited for, null for never
    'flash-word-cycles': { type: 'string', default: '0' },
    flash: { type: 'string', default: '{}' }, // JSON: in what it differs from PART of rp2040_flash.mjs
    'bad-ram': { type: 'string' }, // a word whose lowest bit always reads 1
    revision: { type: 'string', default: '1' }, // of the chip: 1 is B0 or B1, 2 is B2
  },
});
if (!options.rp2040js || !options.facts || !options.bin === !options.uf2 || !['uart', 'usb'].includes(options.console)) {
  process.stderr.write('usage: rp2040_runner.mjs --rp2040js DIR --facts FILE (--bin FILE | --uf2 FILE)\n');
  process.exit(2);
}
const load = (file) => import(pathToFileURL(path.join(options.rp2040js, 'dist/esm', file)).href);
const { RP2040, USBCDC } = await load('index.js');
const { SimulationClock } = await load('clock/simulation-clock.js');

let instructions = 0;
let cycles = 0;
let asleepNs = 0;
let sleeps = 0;
let sleeping = false;
let bytesIn = 0;
let bytesOut = 0;
let running = true;
let resets = 0;
const ledTimes = []; // simulated seconds
const image = options.bin ? fs.readFileSync(options.bin) : null; // of the flash
const uf2 = options.uf2 ? fs.readFileSync(options.uf2) : null;
const facts = JSON.parse(fs.readFileSync(options.facts, 'utf8'));
const flash = new Flash(JSON.parse(options.flash), fail); // it outlives the chip's resets
const late = Object.fromEntries(Object.entries(JSON.parse(options.late)).map(([name, ns]) => [name, ns ?? Infinity]));
let nsPerCycle = 8; // changes with the clock
let machine = null; // the chip since its last reset, and what the console does to it
const wallStart = process.hrtime.bigint();

function statistics() {
  const wall = Number(process.hrtime.bigint() - wallStart) / 1e9;
  return {
    instructions,
    cycles,
    clock_hz: machine.mcu.clkSys,
    simulated_s: machine.mcu.clock.nanos / 1e9,
    asleep_s: asleepNs / 1e9,
    sleeps,
    wall_s: wall,
    baud: machine.mcu.uart[0].baudRate,
    console_bytes_in: bytesIn,
    console_bytes_out: bytesOut,
    led_on: ledTimes.length,
    led_times: ledTimes,
    resets,
    flash_is_erased: machine.mcu.flash.every((byte) => byte === 0xff),
    audio_samples: audioPosition,
  };
}

function finish(status) {
  if (!running) {
    return;
  }
  running = false;
  if (options.stats) {
    fs.writeFileSync(options.stats, JSON.stringify(statistics()) + '\n');
  }
  process.exit(status);
}

// ---- microphone: int16 at 16 kHz into the ADC, silence after the end --------------------------------------------

const audio = options.audio ? fs.readFileSync(options.audio) : Buffer.alloc(0);
const audioSamples = Math.floor(audio.length / 2);
let audioPosition = 0;

function connectMicrophone(adc, silicon) {
  adc.onADCRead = (channel) => {
    silicon.checkMicrophone(channel);
    const sample = audioPosition < audioSamples ? audio.readInt16LE(2 * audioPosition) : 0;
    if (audioPosition < audioSamples) {
      audioPosition++;
    }
    adc.currentChannel = channel;
    adc.channelValues[channel] = (sample + 32768) >> 4;
    adc.sampleAlarm.schedule(ADC_CONVERSION_NS);
  };
}

// ---- the console, both kinds: a queue of bytes from the host, and the device's text --------------------------------

let client = null;
let everConnected = false;
let outgoing = [];
const queue = [];
let queueHead = 0;

const queued = () => queue.length - queueHead;

function dequeue() {
  const byte = queue[queueHead++];
  if (queueHead === queue.length) {
    queue.length = 0;
    queueHead = 0;
  }
  bytesIn++;
  return byte;
}

function deviceSays(byte) {
  bytesOut++;
  if (client || !everConnected) {
    outgoing.push(byte);
  }
}

// A console tells its chip with kick() that the queue is not empty, and with touch() that the boot loader is wanted.

function connectUart(mcu, silicon) {
  const { clock } = mcu;
  const uart = mcu.uart[0];
  // Bytes arrive no faster than the programmed rate. On silicon a byte is lost if the FIFO is full.
  let nextByteNs = 0;
  let scheduled = false;
  const arrival = clock.createAlarm(() => {
    scheduled = false;
    if (!uart.enabled) { // the program is still starting: nothing hears the byte
      dequeue();
      nextByteNs = clock.nanos + BYTE_NS;
      kick();
      return;
    }
    silicon.checkUart();
    if (uart.rxFIFO.full) {
      fail(`UART0 lost a byte: its FIFO was not emptied for ${uart.rxFIFO.size} characters`);
      return;
    }
    uart.feedByte(dequeue());
    nextByteNs = clock.nanos + (BITS_PER_CHARACTER * 1e9) / uart.baudRate;
    kick();
  });
  const kick = () => {
    if (!scheduled && queued() > 0) {
      scheduled = true;
      arrival.schedule(Math.max(0, nextByteNs - clock.nanos));
    }
  };
  uart.onByte = (byte) => {
    silicon.checkUart();
    deviceSays(byte);
  };
  return { kick, touch: () => {} };
}

function connectUsb(mcu, silicon) {
  const cdc = new USBCDC(mcu.usbCtrl);
  new RudeBus(mcu, fail, Number(options.revision));
  const enable = mcu.usbCtrl.onUSBEnabled;
  mcu.usbCtrl.onUSBEnabled = () => {
    silicon.checkUsb();
    enable();
  };
  let connected = false;
  let room = 0; // bytes that the device is ready to read
  cdc.onDeviceConnected = () => {
    connected = true;
    kick();
  };
  // The host of rp2040js answers at once, with an empty packet if it has no data. A real host waits for data.
  mcu.usbCtrl.onEndpointRead = (endpoint, size) => {
    if (endpoint === cdc.outEndpoint) {
      room = size;
      kick();
    } else if (endpoint === 0 && controlData) {
      mcu.usbCtrl.endpointReadDone(0, controlData);
      controlData = null;
      setTimeout(() => cdc.cdcSetControlLineState(0), 1);
    }
  };
  let controlData = null; // the data of a request to the device
  const touch = () => {
    controlData = Uint8Array.from([0xb0, 0x04, 0, 0, 0, 0, 8]); // 1200 8N1
    mcu.usbCtrl.sendSetupPacket(Uint8Array.from([0x21, SET_LINE_CODING, 0, 0, 0, 0, controlData.length, 0]));
  };
  const kick = () => {
    if (connected && room > 0 && queued() > 0) {
      const packet = new Uint8Array(Math.min(room, queued()));
      for (let i = 0; i < packet.length; i++) {
        packet[i] = dequeue();
      }
      room = 0;
      mcu.usbCtrl.endpointReadDone(cdc.outEndpoint, packet);
    }
  };
  cdc.onSerialData = (bytes) => bytes.forEach(deviceSays);
  return { kick, touch };
}

function flush() {
  if (client && outgoing.length > 0) {
    client.write(Buffer.from(outgoing));
    outgoing = [];
  } else if (outgoing.length > BANNER_BYTES) {
    outgoing.splice(0, outgoing.length - BANNER_BYTES);
  }
  if (client && client.isPaused() && queued() < QUEUE_LOW) {
    client.resume();
  }
}

const server = net.createServer((socket) => {
  if (client) {
    socket.destroy(); // a serial port has one user
    return;
  }
  client = socket;
  everConnected = true;
  socket.setNoDelay(true);
  socket.on('data', (data) => {
    for (const byte of data) {
      queue.push(byte);
    }
    if (queued() > QUEUE_HIGH) {
      socket.pause();
    }
    machine.kick();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    client = null;
    outgoing = [];
  });
});

// ---- the processor ------------------------------------------------------------------------------------------------

// The chip after power-on, or after the watchdog's reset of an old one: memory and the reason of the reset stay.
function powerOn(old) {
  const clock = new SimulationClock();
  clock.nanosCounter = old ? old.clock.nanos : 0;
  const mcu = new RP2040(clock);
  mcu.addClockListener((hertz) => (nsPerCycle = 1e9 / hertz));
  const silicon = new Silicon(mcu, {
    fail,
    facts,
    late,
    revision: Number(options.revision),
    restart: options.restarts ? restart : null,
    ledTimes,
    flash,
  });
  mcu.onBreak = (code) => fail(silicon.breakReason(code, mcu.core.PC));
  connectMicrophone(mcu.adc, silicon);
  const console = options.console === 'usb' ? connectUsb(mcu, silicon) : connectUart(mcu, silicon);
  if (options['bad-ram']) {
    breakRam(mcu, Number(options['bad-ram']));
  }
  const wordCycles = Number(options['flash-word-cycles']);
  const cache = wordCycles > 0 ? new FlashCache(mcu, wordCycles) : null; // it slows every read down
  machine = { mcu, cache, ...console };
  silicon.boot({ image, file: uf2, state: old ? null : options.start, old });
}

function breakRam(mcu, address) {
  const write = mcu.writeUint32.bind(mcu);
  mcu.writeUint32 = (to, value) => write(to, to === address ? value | 1 : value);
}

let resetDue = false;

function restart() {
  resetDue = true;
}

let lastSlice = process.hrtime.bigint();

// Runs for a while. While the core sleeps, its time passes as fast as real time, or at once while audio plays or bytes
// wait to be received: then the time of the next event is known.
function slice() {
  if (!running) {
    return;
  }
  const now = process.hrtime.bigint();
  let idleNs = Math.min(Number(now - lastSlice), MAX_IDLE_NS);
  lastSlice = now;
  if (resetDue) {
    resetDue = false;
    resets++;
    powerOn(machine.mcu);
    machine.kick();
  }
  const { mcu, cache } = machine;
  const { clock, core } = mcu;
  let asleep = false;
  try {
    for (let i = 0; i < SLICE_INSTRUCTIONS && running && !resetDue; i++) {
      if (core.waiting !== sleeping) {
        sleeping = core.waiting;
        sleeps += sleeping ? 1 : 0;
      }
      if (core.waiting) {
        if (core.checkForInterrupts()) {
          core.waiting = false;
          continue;
        }
        const plays = audioPosition < audioSamples && (mcu.adc.cs & ADC_START_MANY) !== 0;
        const hurry = plays || queued() > 0;
        const step = clock.nextAlarm ? clock.nanosToNextAlarm : MAX_IDLE_NS;
        if (!hurry && step > idleNs) {
          clock.tick(idleNs);
          asleepNs += idleNs;
          asleep = true;
          break;
        }
        clock.tick(step);
        asleepNs += step;
        if (!hurry) {
          idleNs -= step;
        }
        continue;
      }
      const spent = core.executeInstruction() + (cache ? cache.takeWaits() : 0);
      instructions++;
      cycles += spent;
      clock.tick(spent * nsPerCycle);
    }
  } catch (error) {
    fail(`the emulator stopped at PC ${core.PC.toString(16)}: ${error.message}`);
    return;
  }
  flush();
  if (asleep) {
    setTimeout(slice, 1);
  } else {
    setImmediate(slice);
  }
}

process.on('SIGTERM', () => finish(0));
process.on('SIGINT', () => finish(0));
const commands = readline.createInterface({ input: process.stdin });
commands.on('line', (line) => {
  if (line === 'stats') {
    emit({ event: 'stats', ...statistics() });
  } else if (line === 'touch') {
    machine.touch();
  }
});
commands.on('close', () => finish(0)); // the parent has ended

powerOn(null);
server.on('error', (error) => fail(`cannot listen on TCP port ${options.tcp}: ${error.message}`));
server.listen(Number(options.tcp), '127.0.0.1', () => {
  emit({ event: 'listening', port: server.address().port });
  slice();
});
