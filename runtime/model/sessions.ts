/**
 * Shares a model's variables among its sessions. Every session has its own variables; this file tracks which session
 * has the newest value of each, and copies a value when another session needs it. Calls are serialized by the model.
 */
import type { Program } from '../../compiler/ir/program.ts';
import { type Variable, weightOfCompanion } from '../../compiler/ir/variables.ts';
import { must } from '../../dsl/errors.ts';
import { variableName } from '../../compiler/build/instantiate.ts';
import { whileComputing, withoutUnusedVariables } from '../session/computing.ts';
import { initialValues, runAndRead, type Feeds, type OpenSession, type Session } from '../session/session.ts';

/** The most open sessions; each holds copies of the variables it uses. */
const mostSessions = 8;

interface Opened {
  readonly session: Session;
  /** The versions of the session's values. */
  readonly versions: Map<string, number>;
}

interface Value {
  version: number;
  /** The holder of the newest value; undefined if the initial value has not been drawn yet. */
  holder: Float32Array | Opened | undefined;
}

export class Sessions {
  private readonly values: ReadonlyMap<string, Value>;
  private readonly byName: ReadonlyMap<string, Variable>;
  /** In the order of last use. */
  private readonly opened = new Map<Program, Opened>();

  /** Starts with values drawn from `seed`, each when it is first needed. */
  constructor(
    private readonly openSession: OpenSession,
    readonly variables: readonly Variable[],
    private readonly seed: number,
  ) {
    this.byName = new Map(variables.map((variable) => [variable.name, variable]));
    this.values = new Map(variables.map(({ name }) => [name, { version: 0, holder: undefined }]));
  }

  /** Runs a method of a program, in the session of this program, which is opened if necessary. */
  async run(program: Program, method: string, feeds: Feeds): Promise<Map<string, Float32Array>> {
    const opened = await this.obtain(program);
    await this.bringUp(opened);
    const { session } = opened;
    const outputs = await whileComputing(() => runAndRead(session, method, feeds));
    const { writes } = must(
      session.program.methods.find(({ name }) => name === method),
      `there is a method ${method}`,
    );
    for (const name of writes.keys()) {
      const value = this.valueNamed(name);
      value.version += 1;
      value.holder = opened;
      opened.versions.set(name, value.version);
    }
    return outputs;
  }

  /** Copies values out. */
  async read(names: readonly string[]): Promise<Map<string, Float32Array>> {
    const found = await this.collect(names);
    return new Map(
      names.map((name) => {
        const value = must(found.get(name), `${name} was collected`);
        return [name, value === this.valueNamed(name).holder ? value.slice() : value];
      }),
    );
  }

  /** Sets values; the arrays are copied. */
  write(values: ReadonlyMap<string, Float32Array>): void {
    for (const [name, array] of values) {
      const value = this.valueNamed(name);
      value.version += 1;
      value.holder = array.slice();
    }
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.opened.values()].map(({ session }) => session.dispose()));
    this.opened.clear();
  }

  private valueNamed(name: string): Value {
    return must(this.values.get(name), `there is a variable ${name}`);
  }

  private async obtain(program: Program): Promise<Opened> {
    const known = this.opened.get(program);
    this.opened.delete(program);
    const [oldest] = this.opened;
    if (!known && oldest && this.opened.size === mostSessions) await this.close(...oldest);
    const opened = known ?? (await this.open(program));
    this.opened.set(program, opened);
    return opened;
  }

  private async open(program: Program): Promise<Opened> {
    const session = await this.openSession(withoutUnusedVariables(program));
    return { session, versions: new Map() };
  }

  /** Copies the values that only this session has, and frees it. */
  private async close(program: Program, opened: Opened): Promise<void> {
    const own = [...this.values].filter(([, { holder }]) => holder === opened).map(([name]) => name);
    for (const [name, array] of await opened.session.readVariables(own)) this.valueNamed(name).holder = array;
    await opened.session.dispose();
    this.opened.delete(program);
  }

  /** Gives a session the newest values of the variables it uses. */
  private async bringUp(opened: Opened): Promise<void> {
    const stale = opened.session.program.variables
      .map(({ name }) => name)
      .filter((name) => opened.versions.get(name) !== this.valueNamed(name).version);
    if (stale.length === 0) return;
    const newest = await this.collect(stale);
    await opened.session.setVariables(newest);
    for (const name of stale) {
      const value = this.valueNamed(name);
      opened.versions.set(name, value.version);
      // One copy is enough: the session keeps it from now on.
      value.holder = opened;
    }
  }

  /** Gives the newest values, without copying those held here; asks each session once for all its values. */
  private async collect(names: readonly string[]): Promise<Map<string, Float32Array>> {
    const found = new Map<string, Float32Array>();
    const asked = new Map<Opened, string[]>();
    this.draw(names.filter((name) => this.valueNamed(name).holder === undefined));
    for (const name of names) {
      const holder = must(this.valueNamed(name).holder, `${name} was drawn`);
      if (holder instanceof Float32Array) found.set(name, holder);
      else if (asked.has(holder)) asked.get(holder)?.push(name);
      else asked.set(holder, [name]);
    }
    for (const [{ session }, own] of asked)
      for (const [name, array] of await session.readVariables(own)) found.set(name, array);
    return found;
  }

  /** Draws initial values and keeps them: a value that starts from another variable must not follow it later. */
  private draw(names: readonly string[]): void {
    if (names.length === 0) return;
    const wanted = new Set(names);
    // Iteration over a set includes elements added meanwhile.
    for (const name of wanted) {
      const source = this.startsFrom(name);
      if (source !== undefined) wanted.add(source);
    }
    const drawn = initialValues(
      this.variables.filter(({ name }) => wanted.has(name)),
      this.seed,
    );
    for (const name of names) this.valueNamed(name).holder = must(drawn.get(name), `${name} was drawn`);
  }

  /** The variable whose initial value determines that of another one. */
  private startsFrom(name: string): string | undefined {
    const { role, network, initializer } = must(this.byName.get(name), `there is a variable ${name}`);
    if (role === 'average') return weightOfCompanion(name);
    return initializer.kind === 'lengths_of' ? variableName(network, initializer.variable) : undefined;
  }
}
