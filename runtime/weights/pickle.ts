/**
 * Interprets the pickles in PyTorch's files without Python, and makes tensors and containers from them. No code is
 * ever run: a callee is either listed in torch-names.ts, or gives an opaque object.
 */
import { DamagedFile, RefusedFile } from './errors.ts';
import { costs, longestInteger, type Meter } from './limits.ts';
import { needsBuffers } from './messages.ts';
import { describe, Dict, Named, Opaque, Storage, type Pickled } from './python.ts';
import { callOf, lookUp, persistent } from './torch-names.ts';

/** The result of reading a pickle. */
export interface ReadPickle {
  readonly value: Pickled;
  /** The offset of its end. */
  readonly end: number;
  /** All storages that it names, by key, including those of unread objects. */
  readonly storages: ReadonlyMap<string, Storage>;
}

/** Reads one pickle, starting at `start`. Throws DamagedFile, TooLarge and RefusedFile. */
export function unpickle(bytes: Uint8Array, meter: Meter, start = 0): ReadPickle {
  return new Unpickler(bytes, meter, start).run();
}

/** Interprets one pickle: a stack machine with marks and a memo. */
class Unpickler {
  private readonly view: DataView;
  private readonly text = new TextDecoder();
  private readonly stack: Pickled[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, Pickled>();
  private readonly storages = new Map<string, Storage>();

  constructor(
    private readonly bytes: Uint8Array,
    private readonly meter: Meter,
    private at: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): ReadPickle {
    for (;;) {
      const offset = this.at;
      const code = this.view.getUint8(this.take(1));
      if (code === 0x2e) return { value: this.pop(), end: this.at, storages: this.storages };
      this.meter.build(costs.instruction);
      this.execute(code, offset);
    }
  }

  /** Executes one instruction (names as in Python's pickletools). */
  private execute(code: number, offset: number): void {
    const { view, stack } = this;
    switch (code) {
      case 0x80: // PROTO
        this.take(1);
        return;
      case 0x95: // FRAME
        this.take(8);
        return;
      case 0x28: // MARK
        this.marks.push(stack.length);
        return;
      case 0x30: // POP
        return this.drop();
      case 0x31: // POP_MARK
        this.popToMark();
        return;
      case 0x32: // DUP
        return this.push(this.top());
      case 0x4e: // NONE
        return this.push(null);
      case 0x88: // NEWTRUE
        return this.push(true);
      case 0x89: // NEWFALSE
        return this.push(false);
      case 0x4a: // BININT
        return this.push(view.getInt32(this.take(4), true));
      case 0x4b: // BININT1
        return this.push(view.getUint8(this.take(1)));
      case 0x4d: // BININT2
        return this.push(view.getUint16(this.take(2), true));
      case 0x8a: // LONG1
        return this.push(this.integer(view.getUint8(this.take(1))));
      case 0x8b: // LONG4
        return this.push(this.integer(view.getInt32(this.take(4), true)));
      case 0x47: // BINFLOAT
        return this.push(view.getFloat64(this.take(8), false));
      case 0x55: // SHORT_BINSTRING
      case 0x8c: // SHORT_BINUNICODE
        return this.push(this.string(view.getUint8(this.take(1))));
      case 0x54: // BINSTRING
        return this.push(this.string(view.getInt32(this.take(4), true)));
      case 0x58: // BINUNICODE
        return this.push(this.string(view.getUint32(this.take(4), true)));
      case 0x8d: // BINUNICODE8
        return this.push(this.string(this.length8()));
      case 0x43: // SHORT_BINBYTES
        return this.skip(view.getUint8(this.take(1)));
      case 0x42: // BINBYTES
        return this.skip(view.getUint32(this.take(4), true));
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return this.skip(this.length8());
      case 0x29: // EMPTY_TUPLE
      case 0x5d: // EMPTY_LIST
        return this.make([]);
      case 0x74: // TUPLE
      case 0x6c: // LIST
        return this.makeList(this.popToMark());
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.makeList(this.popMany(code - 0x84));
      case 0x7d: // EMPTY_DICT
        return this.make(new Dict());
      case 0x64: {
        // DICT
        const items = this.popToMark();
        this.make(new Dict());
        return this.setItems(items);
      }
      case 0x8f: // EMPTY_SET
        return this.make(new Opaque('builtins.set'));
      case 0x91: // FROZENSET
        this.popToMark();
        return this.make(new Opaque('builtins.frozenset'));
      case 0x61: // APPEND
        return this.append(this.popMany(1));
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        return this.append(this.popToMark());
      case 0x73: // SETITEM
        return this.setItems(this.popMany(2));
      case 0x75: // SETITEMS
        return this.setItems(this.popToMark());
      case 0x70: // PUT
        return this.remember(Number(this.line()));
      case 0x71: // BINPUT
        return this.remember(view.getUint8(this.take(1)));
      case 0x72: // LONG_BINPUT
        return this.remember(view.getUint32(this.take(4), true));
      case 0x94: // MEMOIZE
        return this.remember(this.memo.size);
      case 0x67: // GET
        return this.recall(Number(this.line()));
      case 0x68: // BINGET
        return this.recall(view.getUint8(this.take(1)));
      case 0x6a: // LONG_BINGET
        return this.recall(view.getUint32(this.take(4), true));
      case 0x63: // GLOBAL
        return this.name(`${this.line()}.${this.line()}`);
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.popMany(2);
        if (typeof module !== 'string' || typeof name !== 'string')
          throw new DamagedFile('it refers to something of Python by what is no text');
        return this.name(`${module}.${name}`);
      }
      case 0x82: // EXT1
        return this.name(`extension ${view.getUint8(this.take(1))}`);
      case 0x83: // EXT2
        return this.name(`extension ${view.getUint16(this.take(2), true)}`);
      case 0x84: // EXT4
        return this.name(`extension ${view.getInt32(this.take(4), true)}`);
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const [callee, args] = this.popMany(2);
        return this.call(callee, args);
      }
      case 0x92: {
        // NEWOBJ_EX
        const [callee, args] = this.popMany(3);
        return this.call(callee, args);
      }
      case 0x69: {
        // INST
        const callee = new Named(`${this.line()}.${this.line()}`);
        return this.call(callee, this.popToMark());
      }
      case 0x6f: {
        // OBJ
        const [callee, ...args] = this.popToMark();
        return this.call(callee, args);
      }
      case 0x62: // BUILD
        return this.build();
      case 0x50: // PERSID
        return this.make(persistent(this.line()));
      case 0x51: // BINPERSID
        return this.store(persistent(this.pop()));
      case 0x49: // INT
        return this.push(integerOf(this.line()));
      case 0x4c: // LONG
        return this.push(integerOf(this.line().replace(/L$/, '')));
      case 0x46: // FLOAT
        return this.push(Number(this.line()));
      case 0x53: // STRING
        return this.push(this.line().slice(1, -1));
      case 0x56: // UNICODE
        return this.push(
          this.line().replace(/\\u([0-9a-f]{4})/gi, (_, code: string) =>
            String.fromCharCode(Number.parseInt(code, 16)),
          ),
        );
      case 0x97: // NEXT_BUFFER
      case 0x98: // READONLY_BUFFER
        throw new RefusedFile(needsBuffers(offset));
    }
    throw new DamagedFile(
      `byte ${offset} of its pickle (0x${code.toString(16)}) is no instruction of pickle protocols 0 to 5`,
    );
  }

  /** Skips some bytes, and gives their offset. */
  private take(length: number): number {
    const start = this.at;
    if (length < 0) throw new DamagedFile(`its pickle has a negative length at byte ${start}`);
    if (length > this.bytes.length - start) throw new DamagedFile('its pickle ends in the middle');
    this.at += length;
    return start;
  }

  private length8(): number {
    return Number(this.view.getBigUint64(this.take(8), true));
  }

  private string(length: number): string {
    const start = this.take(length);
    this.meter.build(costs.text + costs.textByte * length);
    return this.text.decode(this.bytes.subarray(start, start + length));
  }

  /** Skips bytes that no tensor needs. */
  private skip(length: number): void {
    this.take(length);
    this.make(new Opaque('builtins.bytes'));
  }

  /** Reads a line of text, as in GLOBAL. */
  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new DamagedFile('its pickle ends in the middle');
    const line = this.string(end - this.at);
    this.take(1);
    return line;
  }

  /** Reads a little-endian two's-complement integer of `length` bytes. */
  private integer(length: number): Pickled {
    const start = this.take(length);
    if (length > longestInteger) return new Opaque('builtins.int');
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = value * 256n + BigInt(this.view.getUint8(start + i));
    return small(BigInt.asIntN(8 * length, value));
  }

  private push(value: Pickled): void {
    this.stack.push(value);
  }

  /** Pushes a value that allocates memory. */
  private make(value: Pickled): void {
    this.meter.build(costs.container);
    this.push(value);
  }

  private makeList(values: Pickled[]): void {
    this.meter.build(costs.listEntry * values.length);
    this.make(values);
  }

  /** Pushes a named Python object. */
  private name(name: string): void {
    this.make(lookUp(name));
  }

  private call(callee: Pickled | undefined, args: Pickled | undefined): void {
    // Arguments other than a tuple belong to an object that is not made.
    this.make(callOf(callee, Array.isArray(args) ? args : []));
  }

  private store(value: Storage | Named | Opaque): void {
    if (value instanceof Storage && !this.storages.has(value.key)) this.storages.set(value.key, value);
    this.make(value);
  }

  /** Gives the number of values above the last mark. */
  private available(): number {
    return this.stack.length - (this.marks.at(-1) ?? 0);
  }

  private top(): Pickled {
    const value = this.stack.at(-1);
    if (value === undefined || this.available() < 1)
      throw new DamagedFile('its pickle takes more than it put');
    return value;
  }

  private pop(): Pickled {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  /** Pops the last value, or the last mark if no value is above it, as Python does. */
  private drop(): void {
    if (this.available() === 0 && this.marks.length > 0) this.marks.pop();
    else this.pop();
  }

  private popMany(length: number): Pickled[] {
    if (this.available() < length) throw new DamagedFile('its pickle takes more than it put');
    return this.stack.splice(this.stack.length - length);
  }

  private popToMark(): Pickled[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw new DamagedFile('its pickle takes back to a mark that it did not set');
    return this.stack.splice(mark);
  }

  private append(values: readonly Pickled[]): void {
    const list = this.top();
    if (list instanceof Opaque) {
      this.meter.build(costs.dictEntry * values.length);
      for (const value of values) list.set(list.size, value);
      return;
    }
    if (!Array.isArray(list)) throw new DamagedFile(`its pickle appends to ${describe(list)}`);
    this.meter.build(costs.listEntry * values.length);
    for (const value of values) list.push(value);
  }

  private setItems(items: readonly Pickled[]): void {
    const dict = this.top();
    if (!(dict instanceof Dict)) throw new DamagedFile(`its pickle sets an item of ${describe(dict)}`);
    if (items.length % 2 !== 0) throw new DamagedFile('its pickle sets a key without a value');
    this.meter.build((costs.dictEntry * items.length) / 2);
    for (let i = 0; i < items.length; i += 2) dict.set(items[i] ?? null, items[i + 1] ?? null);
  }

  private remember(index: number): void {
    this.meter.build(costs.memoEntry);
    this.memo.set(index, this.top());
  }

  private recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw new DamagedFile(`its pickle recalls memo ${index}, which it did not set`);
    this.push(value);
  }

  /** Drops the state of objects, and PyTorch's notes on a dictionary (its versions). */
  private build(): void {
    this.pop();
    const object = this.top();
    if (object === null || typeof object !== 'object' || Array.isArray(object))
      throw new DamagedFile(`its pickle sets the state of ${describe(object)}`);
  }
}

/** Converts an integer to a number if that is exact. */
function small(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Parses a decimal integer; older protocols write booleans this way, too. */
function integerOf(digits: string): Pickled {
  if (digits === '00' || digits === '01') return digits === '01';
  if (!/^-?\d+$/.test(digits)) throw new DamagedFile('its pickle has a whole number without digits');
  return digits.length > 2 * longestInteger ? new Opaque('builtins.int') : small(BigInt(digits));
}
