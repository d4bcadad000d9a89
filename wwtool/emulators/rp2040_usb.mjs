// The bus of an emulated RP2040 as it can be: a hub with other traffic, a host that gives up a request, frames.
//
// rp2040js's own host reads every packet at once and sees every device. This one does not, on purpose: what it does first
// has to be survived before the other may enumerate. Errata have the names of the RP2040 datasheet's appendix B.
//
// SPDX-License-Identifier: Apache-2.0

const FRAME_NS = 1e6;
const FRAME_UNSAFE_NS = 800e3; // RP2040-E15: no packet for a bulk endpoint may be given in the last 200 us
const RESET_NS = 3e6; // what is left of the bus reset when the program has heard of it
const IDLE_NS = 800e3; // RP2040-E5: so long the bus has to be idle, for a chip before B2
const HUB_PATIENCE_NS = 200e6;
const GIVES_UP_NS = 200e3;

const EP0_IN = 0x80;
const EP15_OUT = 0xfc;
const AVAILABLE = 1 << 10;
const INTE = 0x90;
const SOF_RD = 0x48;
const EP_ABORT = 0x60;
const MUXING = 0x74;
const DEV_SOF = 1 << 17;
const CONNECTED = 1 << 16;
const LINE_STATE_J = 1 << 2;
const LINE_STATE = 3 << 2;
const TO_DIGITAL_PAD = 1 << 2;
const PIN_DP = 15;
const FUNCTION_DP = 8;
const INOVER_HIGH = 3;
const REVISION_B2 = 2;
const GET_DEVICE_DESCRIPTOR = [0x80, 6, 0, 1, 0, 0, 64, 0];

export class RudeBus {
  constructor(mcu, fail, revision) {
    this.mcu = mcu;
    this.fail = fail;
    this.isOld = revision < REVISION_B2;
    this.usb = mcu.usbCtrl;
    this.enumerate = this.usb.onResetReceived;
    this.usb.onResetReceived = () => this.resetSeen();
    this.frameRead = 0;
    this.idleSince = null; // the program shows the controller an idle bus
    this.waitsForDevice = false;
    this.swallows = false; // the next packet of endpoint 0 is never read
    this.held = false; // such a packet is with the controller
    const { clock } = mcu;
    this.frame = clock.createAlarm(() => this.startFrame());
    this.resetEnd = clock.createAlarm(() => {
      this.usb.sieStatus = (this.usb.sieStatus & ~LINE_STATE) | LINE_STATE_J;
      if (!this.isOld) {
        this.deviceSeen();
      }
    });
    this.patience = clock.createAlarm(() => {
      if (this.waitsForDevice) {
        this.fail('USB: a hub with other traffic never sees the device (RP2040-E5)');
      }
    });
    this.nextRequest = clock.createAlarm(() => {
      this.swallows = false;
      this.enumerate();
    });
    this.wrapRegisters();
    this.wrapBuffers();
  }

  frameStart() {
    return Math.floor(this.mcu.clock.nanos / FRAME_NS) * FRAME_NS;
  }

  startFrame() {
    this.usb.intRaw |= DEV_SOF;
    this.usb.checkInterrupts();
    this.planFrame();
  }

  planFrame() {
    if (this.usb.intEnable & DEV_SOF) {
      this.frame.schedule(this.frameStart() + FRAME_NS - this.mcu.clock.nanos);
    }
  }

  // The program has acknowledged the bus reset, which goes on for a while.
  resetSeen() {
    this.usb.sieStatus &= ~(CONNECTED | LINE_STATE);
    this.waitsForDevice = true;
    this.held = false;
    this.resetEnd.schedule(RESET_NS);
    this.patience.schedule(HUB_PATIENCE_NS);
  }

  // The host asks for a descriptor, never reads the answer, and starts with its next request.
  deviceSeen() {
    this.waitsForDevice = false;
    this.swallows = true;
    this.usb.sendSetupPacket(Uint8Array.from(GET_DEVICE_DESCRIPTOR));
    this.nextRequest.schedule(GIVES_UP_NS);
  }

  setMuxing(value) {
    const pin = this.mcu.gpio[PIN_DP];
    const inover = (pin.ctrl >> 16) & 3;
    const nanos = this.mcu.clock.nanos;
    if (value & TO_DIGITAL_PAD) {
      const over = (this.usb.sieStatus & LINE_STATE) === LINE_STATE_J;
      this.idleSince = over && pin.functionSelect === FUNCTION_DP && inover === INOVER_HIGH ? nanos : null;
      this.seesIdle = this.idleSince !== null;
    } else if (this.waitsForDevice && this.seesIdle && nanos - this.idleSince >= IDLE_NS) {
      this.deviceSeen();
    }
  }

  wrapRegisters() {
    const { usb } = this;
    const write = usb.writeUint32.bind(usb);
    const read = usb.readUint32.bind(usb);
    usb.writeUint32 = (offset, value) => {
      if (offset === MUXING) {
        this.setMuxing(value);
        return;
      }
      if (offset === INTE && value & ~usb.intEnable & DEV_SOF && this.frameRead < this.frameStart()) {
        usb.intRaw |= DEV_SOF; // a frame has begun since, and it is remembered
      }
      write(offset, value);
      if (offset === EP_ABORT && value & 1) {
        if (this.isOld) {
          this.fail('an endpoint is aborted, which this revision cannot (RP2040-E2)');
        }
        this.held = false;
      } else if (offset === INTE) {
        this.planFrame();
      }
    };
    usb.readUint32 = (offset) => {
      if (offset === SOF_RD) {
        this.frameRead = this.mcu.clock.nanos;
        usb.intRaw &= ~DEV_SOF;
        usb.checkInterrupts();
      }
      const idle = this.idleSince !== null && this.mcu.clock.nanos - this.idleSince >= IDLE_NS;
      return read(offset) | (offset === 0x50 && idle ? CONNECTED : 0);
    };
  }

  wrapBuffers() {
    const { usb } = this;
    const update = usb.DPRAMUpdated.bind(usb);
    usb.DPRAMUpdated = (offset, value) => {
      if (offset < EP0_IN || offset > EP15_OUT) {
        update(offset, value);
        return;
      }
      const isIn = (offset & 4) === 0;
      if (offset === EP0_IN && this.held) {
        if (value !== 0) {
          this.fail("endpoint 0's buffer is written while the controller has it; abort it at a SETUP"); // 4.1.2.5.1
        }
        if (!this.isOld) {
          this.fail("endpoint 0's buffer is taken from the controller without an abort");
        }
        this.held = false; // before B2 there is no more that a program can do (RP2040-E2)
      }
      if (offset === EP0_IN && this.swallows && value & AVAILABLE) {
        this.held = true;
        return;
      }
      if (isIn && offset > EP0_IN && value & AVAILABLE && this.mcu.clock.nanos - this.frameStart() > FRAME_UNSAFE_NS) {
        this.fail('a packet is given in the last 200 us of a frame (RP2040-E15)');
      }
      update(offset, value);
    };
  }
}
